"""The spot of attention on the Captions page, by mouse and by keyboard."""

from collections.abc import Mapping
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.watching import PATIENCE, address_of, follow, frames_to


def open_moving(page: Page, dashboard: str, address: Mapping[str, str] | None = None) -> Locator:
    """The part of the page by a link, drawn to its end; gives the photo under the grid."""
    query = urlencode({"part": "Change the cause", "cause": "Move the attention", **(address or {})})
    return follow(page, f"{dashboard}/captions?{query}", ".photo[data-drawn]")


def place_of(page: Page) -> tuple[str | None, str | None]:
    address = address_of(page)
    return address.get("look_row"), address.get("look_column")


def wait_for_place(page: Page, row: int, column: int) -> None:
    page.wait_for_function(
        "([row, column]) => { const query = new URL(location).searchParams;"
        " return query.get('look_row') === row && query.get('look_column') === column; }",
        arg=[str(row), str(column)],
    )
    wait_until_idle(page, timeout=PATIENCE)


def test_a_spot_by_mouse_and_keyboard(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    photo = open_moving(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    line = page.locator(".line")
    expect(line).to_have_text("Click where it shall look, or drag the spot there.")
    expect(page.locator(".glow")).to_be_hidden()
    photo.scroll_into_view_if_needed()
    area = photo.bounding_box()
    assert 1.3 < area["width"] / area["height"] < 1.7  # the cat's own proportions, not the network's square
    before = len(sent)
    page.mouse.move(area["x"] + 0.15 * area["width"], area["y"] + 0.15 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + 0.55 * area["width"], area["y"] + 0.35 * area["height"], steps=6)
    expect(line).to_have_text("Row 3 of 8, column 5 of 8.")
    expect(page.locator(".glow")).to_be_visible()
    page.wait_for_timeout(300)
    assert len(sent) == before  # nothing is asked of the server before the spot is dropped
    page.mouse.up()
    wait_for_place(page, 2, 4)
    expect(page.get_by_text("With the attention moved", exact=True)).to_be_visible()

    photo.focus()
    asked = len(sent)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(line).to_have_text("Row 4 of 8, column 6 of 8. Enter drops it here.")
    page.keyboard.press("Escape")
    expect(line).to_have_text("Row 3 of 8, column 5 of 8.")
    page.keyboard.press("ArrowLeft")
    assert len(sent) == asked
    assert place_of(page) == ("2", "4")
    page.keyboard.press("Enter")
    wait_for_place(page, 2, 3)
    page.reload()
    page.locator(".photo[data-drawn]").wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    expect(line).to_have_text("Row 3 of 8, column 4 of 8.")
