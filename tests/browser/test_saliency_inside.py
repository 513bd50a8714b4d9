"""Attention inside a network and maximally activating patches, in a real browser; two networks are toys there."""

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.serving import wait_until_idle
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of, follow


def open_saliency(page: Page, address: str, query: dict[str, str]) -> None:
    follow(page, f"{address}/saliency?{urlencode(query)}", 'h1:has-text("Saliency")')


def test_a_click_lets_a_patch_ask(dashboard: str, page: Page) -> None:
    open_saliency(page, dashboard, {"part": "Attention inside", "model": "vit_b_16"})
    grid = page.locator(".grid[data-drawn]")
    expect(page.get_by_text("what the class token attends to here")).to_be_visible()
    area = grid.bounding_box()
    assert area is not None
    grid.click(position={"x": area["width"] * 0.6, "y": area["height"] * 0.9})  # of four by four patches
    expect(page.get_by_text("what patch (3, 2) attends to here")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    address = address_of(page)
    assert (address["asks"], address["patch_row"]) == ("A patch", "3")
    assert page.get_by_role("spinbutton", name="Column").input_value() == "2"
    check_width(page)


def test_a_bar_says_its_channel(dashboard: str, page: Page) -> None:
    open_saliency(page, dashboard, {"part": "Attention inside", "model": "mobilenet_v3_small"})
    plot = page.locator(".js-plotly-plot").first
    row = plot.locator(".subplot.xy").first.bounding_box()
    assert row is not None
    page.mouse.move(row["x"] + row["width"] * (2.5 / 16), row["y"] + row["height"] / 2)
    words = plot.locator(".hoverlayer .hovertext")
    expect(words).to_have_count(1)
    expect(words).to_contain_text("channel 2: 0.")


def test_patches_stand_with_their_values(dashboard: str, page: Page) -> None:
    query = {"part": "Maximally activating patches", "model": "tiny-vgg", "excited_unit": "3", "excited_count": "9"}
    open_saliency(page, dashboard, query)
    patches = page.locator('[data-testid="stMain"] img[alt^="A patch of"]')
    expect(patches).to_have_count(9)
    assert all(
        alt.rsplit(" ", 1)[-1].replace(".", "").isdigit() for alt in patches.evaluate_all("i => i.map(x => x.alt)")
    )
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_idle(page, timeout=PATIENCE)
    check_width(page)


def test_a_network_without_attention_opens_ours(dashboard: str, page: Page, screenshots: Path) -> None:
    """One click, no download; then rollout for a class."""
    open_saliency(page, dashboard, {"part": "Attention inside", "model": "tiny-vgg"})
    page.get_by_role("button", name="Open photo-vit").click()
    expect(page.get_by_text("14 × 14 cells")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    assert address_of(page)["model"] == "photo-vit"
    box = page.get_by_role("combobox", name="Rollout for")
    box.click()
    page.get_by_role("option", name="church", exact=True).click()
    expect(page.get_by_text("has gathered what speaks for this class")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    assert address_of(page)["rollout_class"] == "church"
    expect(page.get_by_alt_text("What the class token has gathered for church through blocks 0 to 5")).to_be_visible()
    check_width(page)
    page.screenshot(path=screenshots / "attention-inside.png", full_page=True)
