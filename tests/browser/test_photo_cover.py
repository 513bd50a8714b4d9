import re
from collections.abc import Mapping
from urllib.parse import urlencode

from playwright.sync_api import Browser, Locator, Page, expect

from explorer.saliency import Box, Cover, Stroke
from tests.browser.serving import WATCH, wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import check_width
from tests.browser.watching import PATIENCE, address_of, frames_to


def open_experiments(page: Page, dashboard: str, address: Mapping[str, str] | None = None) -> Locator:
    """The part of the page by a link, drawn to its end; gives the photo."""
    page.set_default_timeout(PATIENCE * 1000)
    query = urlencode({"model": "tiny-vgg", "part": "Try it yourself", **(address or {})})
    page.goto(f"{dashboard}/saliency?{query}")
    return settled(page)


def settled(page: Page) -> Locator:
    photo = page.locator(".photo[data-drawn]")
    photo.wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    return photo


def drag(page: Page, photo: Locator, *places: tuple[float, float]) -> None:
    """With the mouse, through places in fractions of the photo; the button is still down at the end."""
    photo.scroll_into_view_if_needed()
    area = photo.bounding_box()
    for number, (x, y) in enumerate(places):
        page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=4)
        if number == 0:
            page.mouse.down()


def cover_of(page: Page) -> Cover:
    return Cover.from_text(address_of(page).get("cover", ""))


def words_of(page: Page) -> str:
    return page.locator('[data-testid="stMain"]').inner_text()


def is_near(found: float, wanted: float) -> bool:
    return abs(found - wanted) < 0.01


def test_boxes_and_strokes_by_mouse(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    photo = open_experiments(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    undo, clear = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Clear")
    expect(undo).to_be_disabled()
    before = len(sent)
    drag(page, photo, (0.7, 0.8), (0.3, 0.5), (0.25, 0.3))
    expect(page.locator(".draft rect.over")).to_be_visible()
    expect(page.locator(".line")).to_contain_text("Box 45 % wide and 50 % high")
    page.wait_for_timeout(300)
    assert len(sent) == before  # nothing is asked of the server before the box is there
    page.mouse.up()
    expect(page.get_by_text("of the photo is covered")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    (box,) = cover_of(page).marks
    assert isinstance(box, Box)
    assert is_near(box.left, 0.25)
    assert is_near(box.bottom, 0.8)
    assert "goes from" in words_of(page)

    page.get_by_role("button", name="Brush").click()
    photo.hover(position={"x": 20, "y": 20})
    expect(page.locator(".draft circle.over")).to_be_visible()
    for y in (0.1, 0.2, 0.9):  # faster than the server answers
        drag(page, photo, (0.1, y), (0.5, y), (0.9, y))
        page.mouse.up()
    page.wait_for_function("() => new URL(location).searchParams.get('cover').split('s').length === 4")
    settled(page)
    stroke = cover_of(page).marks[1]
    assert isinstance(stroke, Stroke)
    assert is_near(stroke.radius, 0.06)
    assert len(stroke.points) > 5

    words, address = words_of(page), address_of(page)
    page.reload()
    settled(page)
    assert address_of(page) == address
    assert words_of(page) == words
    expect(page.locator(".marks > *")).to_have_count(4)

    undo.click()
    expect(page.locator(".marks > *")).to_have_count(3)
    clear.click()
    expect(page.get_by_text("Drag a box over the photo")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    assert "cover" not in address_of(page)


def test_a_cover_by_keyboard(dashboard: str, page: Page) -> None:
    photo = open_experiments(page, dashboard)
    photo.focus()
    line = page.locator(".line")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(line).to_have_text("Box 22 % wide and 22 % high, 42 % from the left and 38 % from the top.")
    page.keyboard.press("Escape")
    expect(page.locator(".draft > *")).to_have_count(0)
    assert "cover" not in address_of(page)
    page.keyboard.press("ArrowLeft")  # in the middle again
    page.keyboard.press("Enter")
    expect(page.get_by_text("of the photo is covered")).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    assert cover_of(page).to_text() == "b.400.400.600.600"
    expect(photo).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Drag a box over the photo")).to_be_visible()


def test_a_finger_on_a_phone(dashboard: str, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_init_script(WATCH)
    try:
        page = context.new_page()
        photo = open_experiments(page, dashboard)
        check_width(page)
        photo.scroll_into_view_if_needed()
        area = photo.bounding_box()
        assert area["x"] + area["width"] < 360  # a place beside it, for the finger that scrolls
        touch = context.new_cdp_session(page)
        for kind, x, y in (
            ("touchStart", 0.2, 0.2),
            ("touchMove", 0.4, 0.6),
            ("touchMove", 0.6, 0.7),
            ("touchEnd", 0, 0),
        ):
            points = [{"x": area["x"] + x * area["width"], "y": area["y"] + y * area["height"]}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if x else []})
        expect(page.get_by_text(re.compile("of the photo is covered"))).to_be_visible()
        wait_until_idle(page, timeout=PATIENCE)
        (box,) = cover_of(page).marks
        assert isinstance(box, Box)
        assert is_near(box.left, 0.2)
        assert is_near(box.bottom, 0.7)
    finally:
        context.close()
