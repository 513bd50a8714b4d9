from collections.abc import Callable
from urllib.parse import urlencode

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.zoo import list_shipped
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.watching import PATIENCE, address_of, colours_on

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]
LARGE = "photo-net" if "photo-net" in list_shipped() else list_shipped()[0]


def open_filters(page: Page, dashboard: str, address: dict[str, str] | None = None) -> None:
    """Go to the Filters page by a link, and wait for its pictures."""
    page.goto(f"{dashboard}/filters?{urlencode({'model': SMALL, **(address or {})})}")
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    page.locator(".grid[data-drawn]").first.wait_for(timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    page.locator(".grid[data-drawn]").last.wait_for(timeout=PATIENCE * 1000)


def test_the_home_card_opens_a_solid_of_5x5x25(dashboard: str, page: Page) -> None:
    page.goto(f"{dashboard}/?{urlencode({'model': SMALL})}")  # what the session has chosen does not win
    wait_until_idle(page, timeout=PATIENCE)  # the navigation, which has such a link too, is there before the cards
    page.get_by_test_id("stMain").get_by_role("link", name="Filters").last.click()
    solid = page.get_by_role("img", name="as a block of 5 × 5 × 25 weights, and 25 of its 25 slices pulled apart")
    solid.wait_for()
    expect(page.get_by_role("heading", name=": 5 × 5 × 25")).to_be_visible()
    area = solid.bounding_box()
    assert area["y"] + area["height"] < page.viewport_size["height"]  # seen without scrolling
    expect(page.get_by_role("heading", name="25 slices × 25 input maps, summed + bias = 1 output map")).to_be_visible()
    wait_until_drawn(page)
    assert colours_on(page.locator(".grid canvas").nth(1)) > 20
    assert address_of(page) == {"model": "five-by-five", "conv": "features.conv1_2", "filter": "26"}


def test_on_a_phone_two_products_stand_in_a_row(dashboard: str, open_page: Callable[..., Page]) -> None:
    page = open_page(width=390, height=844)
    open_filters(page, dashboard, {"model": "five-by-five", "conv": "features.conv1_2"})
    canvas = page.locator(".grid canvas").nth(1)
    across, room = canvas.evaluate("canvas => [canvas.width, canvas.getBoundingClientRect().width]")
    assert 300 < across <= room + 1  # two tiles of 168 pixels, not shrunk


def test_a_filter_a_slice_and_a_similar_one_by_click_and_downloads(dashboard: str, page: Page) -> None:
    open_filters(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    grids = page.locator(".grid")
    expect(grids).to_have_count(3)
    assert min(colours_on(canvas) for canvas in page.locator(".grid canvas").all()) > 3
    expect(page.locator(".line").nth(2)).to_have_text("Point at a filter to read it, click to open it.")
    check_downloads(page)
    area = grids.first.bounding_box()
    grids.first.hover(position={"x": area["width"] - 10, "y": 10})
    number = page.locator(".line").first.inner_text().split(":")[0].removeprefix("filter ")
    grids.first.click(position={"x": area["width"] - 10, "y": 10})
    wait_until_drawn(page)
    assert address_of(page)["filter"] == number
    expect(page.get_by_role("heading", name=f", filter {number}")).to_be_visible()
    area = grids.nth(1).bounding_box()
    grids.nth(1).click(position={"x": area["width"] - 10, "y": 10})
    wait_until_drawn(page)
    assert address_of(page)["slice"] == "1"  # red and green in a row, blue below
    grids.nth(2).hover(position={"x": 10, "y": 10})
    other = page.locator(".line").nth(2).inner_text().split(":")[0].removeprefix("filter ")
    grids.nth(2).click(position={"x": 10, "y": 10})
    wait_until_drawn(page)
    assert address_of(page)["filter"] == other
    # A link reopens it all.
    pictures = [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator(".grid canvas").all()]
    before = address_of(page)
    page.reload()
    wait_until_drawn(page)
    assert address_of(page) == before
    again = [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator(".grid canvas").all()]
    assert again == pictures
    page.get_by_role("radio", name="This filter").or_(page.get_by_role("button", name="This filter")).first.click()
    expect(page.get_by_text("Without 1 filter of")).to_be_visible(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    assert address_of(page)["silence"] == "This filter"


def check_downloads(page: Page) -> None:
    """They are what is on the page."""
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").last.click()  # the first is of the solid
    with page.expect_download() as arrays:
        page.get_by_role("button", name="Arrays (NPZ)").last.click()
    weights = np.load(arrays.value.path())["weights"]
    assert weights.ndim == 4
    with Image.open(picture.value.path()) as grid:
        colours = np.asarray(grid.convert("RGBA"))
    largest = np.abs(weights[0]).max()
    np.testing.assert_array_equal(colours[0, 0, :3], np.rint(128 + 127 * weights[0, :, 0, 0] / largest))


def test_everything_of_a_group_switched_off_has_a_name(dashboard: str, page: Page) -> None:
    open_filters(page, dashboard, {"model": LARGE, "slice": "1", "silence": "Its group too"})
    assert page.evaluate(NAMELESS) == []
