"""The Saliency page in a real browser: its heatmaps, their controls, its links, its narrow screen."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of, follow

QUICK = {"method1": "Grad-CAM", "method2": "Layer-CAM", "method3": "Saliency"}


def open_saliency(page: Page, dashboard: str, address: Mapping[str, str] | None = None) -> None:
    """The page by a link, drawn to its end."""
    follow(
        page,
        f"{dashboard}/saliency?{urlencode({'model': 'tiny-vgg', **QUICK, **(address or {})})}",
        'h1:has-text("Saliency")',
    )


def test_heatmaps_stand_side_by_side(dashboard: str, page: Page, screenshots: Path) -> None:
    open_saliency(page, dashboard, {"contour": "true", "test": "true"})
    maps = page.locator('[data-testid="stMain"] img[alt*=" on Chelsea the cat"]')
    expect(maps).to_have_count(3)
    tops = [picture.bounding_box()["y"] for picture in maps.all()]
    assert len({round(top) for top in tops}) == 1
    assert maps.evaluate_all("images => images.every(image => image.naturalWidth === 384)")
    expect(page.get_by_role("table")).to_contain_text("Blob in the middle")
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    assert page.evaluate(NAMELESS) == []
    page.screenshot(path=screenshots / "saliency.png")


def test_a_layer_chosen_on_the_network_and_a_link_to_it(dashboard: str, page: Page) -> None:
    open_saliency(page, dashboard, {"panels": "1"})
    # The heatmap stays: where it went for a moment, the page would be too short for who has scrolled down to click.
    page.locator('img[alt^="Grad-CAM of"]').evaluate("image => { image.dataset.stays = true; }")
    page.get_by_text("Choose the layer on the network").click()
    page.locator(".strip[data-drawn]").wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    expect(page.locator('img[alt^="Grad-CAM of"][data-stays]')).to_be_visible()
    page.locator('.column[data-key="features.pool2"] .header').click()
    page.wait_for_function("() => new URL(location).searchParams.get('layer') === 'features.pool2'")
    wait_until_idle(page, timeout=PATIENCE)
    said = page.get_by_text("Layer features.pool2: 32 × 8 × 8")
    expect(said).to_be_visible()
    source = page.locator('img[alt^="Grad-CAM of"]').get_attribute("src")
    assert address_of(page)["layer"] == "features.pool2"
    page.reload()
    page.get_by_role("heading", name="Saliency", exact=True).wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    expect(said).to_be_visible()
    assert page.locator('img[alt^="Grad-CAM of"]').get_attribute("src").split("/")[-1] == source.split("/")[-1]


def test_a_slow_method_can_be_stopped(dashboard: str, page: Page) -> None:
    open_saliency(page, dashboard, {"panels": "2", "model": "photo-net"})
    box = page.get_by_role("combobox", name="Method 2")
    box.click()
    box.fill("Integrated")
    page.get_by_role("option", name="Integrated Gradients", exact=True).click()
    # Streamlit's own, which ends the whole run, stands in the header.
    page.locator('[data-testid="stMain"]').get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Integrated Gradients was stopped.")).to_be_visible(timeout=PATIENCE * 1000)
    expect(page.locator('img[alt^="Grad-CAM of"]')).to_be_visible()  # the other panel stays
    page.get_by_role("button", name="Go on").click()
    expect(page.locator('img[alt^="Integrated Gradients of"]')).to_be_visible(timeout=PATIENCE * 1000)
    expect(page.get_by_text("was stopped")).to_have_count(0)


def test_a_narrow_screen_is_wide_enough(dashboard: str, open_page: Callable[..., Page], screenshots: Path) -> None:
    page = open_page(width=390, height=844, colour_scheme="dark")
    open_saliency(page, dashboard, {"part": "Random weights"})
    check_width(page)
    page.screenshot(path=screenshots / "saliency-random-phone.png")
