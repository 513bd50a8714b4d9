import io
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.operations.pooling import POOLINGS
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_convolution import check_values, hover_cells
from tests.browser.test_layers import on_every_screen, show_whole
from tests.browser.watching import PATIENCE, address_of, follow


def open_pooling(page: Page, dashboard: str, address: Mapping[str, str] | None = None) -> None:
    """The page by a link, drawn to its end."""
    follow(page, f"{dashboard}/pooling?{urlencode({'model': 'tiny-vgg', **(address or {})})}", 'h1:has-text("Pooling")')


def press(page: Page, label: str) -> None:
    """Choose one of several buttons that stand in a row."""
    page.get_by_role("radio", name=label, exact=True).or_(page.get_by_role("button", name=label, exact=True)).click()
    wait_until_idle(page, timeout=PATIENCE)


def test_every_kind_has_its_picture_and_downloads_are_what_is_on_the_page(dashboard: str, page: Page) -> None:
    open_pooling(page, dashboard)
    pictures = page.locator('[data-testid="stMain"] img[alt$="pooled"]')
    expect(pictures).to_have_count(1 + len(POOLINGS))
    sizes = pictures.evaluate_all("images => images.map(image => [image.naturalWidth, image.naturalHeight])")
    assert len({tuple(size) for size in sizes}) == 1  # the same place at the same spot
    tops = [picture.bounding_box()["y"] for picture in pictures.all()]
    assert len({round(top) for top in tops[:4]}) == 1  # four side by side
    assert page.evaluate(NAMELESS) == []
    check_downloads(page)
    press(page, "Un-pooled")
    expect(page.locator('[data-testid="stMain"] img[alt$="un-pooled"]')).to_have_count(1 + len(POOLINGS))
    assert address_of(page)["show"] == "Un-pooled"
    press(page, "Shift")
    with page.expect_download() as curves:
        page.get_by_role("button", name="Curves (CSV)").click()
    assert len(Path(curves.value.path()).read_text().splitlines()) == 10


def check_downloads(page: Page) -> None:
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").click()
    with page.expect_download() as arrays:
        page.get_by_role("button", name="Arrays (NPZ)").click()
    with np.load(arrays.value.path()) as handed:
        assert {"input", "max_cells", *POOLINGS} == set(handed)
        assert handed["global"].shape == (3, 1, 1)
    with Image.open(io.BytesIO(Path(picture.value.path()).read_bytes())) as grid:
        assert grid.size[0] == 4 * 384 + 3 * 8


def test_every_cell_under_the_microscope(dashboard: str, page: Page) -> None:
    open_pooling(page, dashboard, {"kind": "Max", "window": "3", "pool_stride": "2", "pool_padding": "1"})
    microscope = page.locator(".microscope[data-drawn=true]")
    for kind in ("Max", "L2", "Adaptive average", "Strided convolution"):
        press(page, kind)
        output = microscope.get_by_role("application")
        expect(output).to_have_accessible_name(re.compile(f"^Output of {kind}"))
        found = hover_cells(page, microscope, 20)
        check_values(found)
        assert len({cell for cell, *_ in found}) > 10


def test_a_link_reopens_the_view_and_its_settings_outlive_a_look_at_another_part(dashboard: str, page: Page) -> None:
    open_pooling(page, dashboard)
    for label in ("Un-pooled, spread", "green", "Strided slicing"):
        press(page, label)
    slider = page.get_by_role("slider", name="Window")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => new URL(location).searchParams.get('window') === '5'", timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    before = address_of(page)
    wanted = {"show": "Un-pooled, spread", "colour": "green", "kind": "Strided slicing", "window": "5"}
    assert before == {"model": "tiny-vgg", **wanted}
    words = page.locator('[data-testid="stMain"]').inner_text()
    page.reload()
    page.locator(".microscope[data-drawn=true]").wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    assert address_of(page) == before
    assert page.locator('[data-testid="stMain"]').inner_text() == words
    press(page, "Inside a network")
    press(page, "Shift")
    expect(page.get_by_role("slider", name="Window")).to_have_value("5")
    assert address_of(page)["window"] == "5"


VIEWS = {
    "map": {"pooled": "features.relu1_1"},
    "network": {"part": "Inside a network"},
    "shift": {"part": "Shift"},
    "impossible": {"pool_padding": "7"},
}


@pytest.mark.parametrize("name", VIEWS)
def test_it_fits_every_screen_and_everything_has_a_name(
    name: str, dashboard: str, page: Page, screenshots: Path
) -> None:
    """What the page shows first is in test_first_screen.py and above."""
    open_pooling(page, dashboard, VIEWS[name])
    assert page.evaluate(NAMELESS) == []
    for width, scheme in on_every_screen(page):
        show_whole(page)
        page.screenshot(path=screenshots / f"pooling-{name}-{width}-{scheme}.png")
