"""The Augmentation page in a real browser: a click on a draw, a link that reopens it, a training that is stopped."""

from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.serving import wait_until_idle
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of, follow


def open_augmentation(page: Page, address: str, query: dict[str, str]) -> None:
    follow(page, f"{address}/augmentation?{urlencode({'model': 'tiny-vgg', **query})}", 'h1:has-text("Augmentation")')


def test_a_click_on_a_draw_and_a_link_that_keeps_it(dashboard: str, page: Page) -> None:
    pipeline = '{"steps":[{"transform":"RandomInvert","probability":1.0}]}'
    open_augmentation(page, dashboard, {"pipeline": pipeline})
    grid = page.locator(".grid[data-drawn]")
    area = grid.bounding_box()
    assert area is not None
    grid.click(position={"x": area["width"] * 0.9, "y": area["height"] * 0.1})  # the last one of the first row
    expect(page.get_by_role("img", name="Draw 4: Random invert")).to_be_visible(timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    address = address_of(page)
    assert (address["draw"], address["pipeline"]) == ("4", pipeline)
    page.reload()
    expect(page.get_by_role("img", name="Draw 4: Random invert")).to_be_visible(timeout=PATIENCE * 1000)
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until_idle(page, timeout=PATIENCE)
    check_width(page)


def test_a_training_shows_its_progress_and_stops(dashboard: str, page: Page) -> None:
    open_augmentation(page, dashboard, {"part": "Does it help?", "pictures": "100", "steps": "1000"})
    train = page.locator(".st-key-train button")  # its name begins that of a picture's toolbar too
    train.click()
    expect(page.get_by_text("of 1,000 steps")).to_be_visible(timeout=PATIENCE * 1000)
    page.locator(".st-key-stop_augmentation button").click()
    expect(page.get_by_text("Stopped early.")).to_be_visible(timeout=PATIENCE * 1000)
    expect(train).to_be_enabled(timeout=PATIENCE * 1000)
    check_width(page)
