import struct
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page, Route

from explorer.samples import read_sample
from explorer.zoo import list_shipped, random_model
from tests.browser.serving import ROOT, serve, stand_before, wait_until_idle
from tests.browser.test_layers import in_both_schemes
from tests.browser.watching import PATIENCE, address_of, choose, colours_on, open_layers, wait_until_drawn
from tests.zoo.making import as_bytes

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]
PICTURES = '[data-testid="stSidebar"] [data-testid="stFileUploader"] input[type="file"]'


def upload(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Hand files to the page as a person's choice in the file dialogue."""
    payload = [{"name": name, "mimeType": kind, "buffer": data} for name, kind, data in files]
    page.locator(PICTURES).first.set_input_files(payload)  # type: ignore[arg-type]


def make_bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def test_a_photo_through_every_network_and_back_by_its_link(dashboard: str, page: Page, photo_bytes: bytes) -> None:
    open_layers(page, dashboard)
    upload(page, ("holiday.jpg", "image/jpeg", photo_bytes))
    page.get_by_text("JPEG, 320 × 240 pixels").wait_for(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    for name in list_shipped()[::-1]:
        choose(page, "Network", name)
        assert page.locator(".strip").get_attribute("aria-label").startswith(f"{name} on holiday.jpg")
        assert page.locator(".classes li").count() == 10
        for canvas in page.locator(".column[data-key=input] canvas").all():
            assert colours_on(canvas) > 10
    page.locator(".column:not(.opens) .thumb, .column.opens .thumb").nth(5).click()
    wait_until_drawn(page)
    before = address_of(page)
    assert before["image"].startswith("holiday.jpg")
    heading = page.get_by_role("heading", level=3).inner_text()
    picture = page.locator(".grid canvas").evaluate("canvas => canvas.toDataURL()")
    page.reload()
    wait_until_drawn(page)
    assert address_of(page) == before
    assert page.get_by_text("JPEG, 320 × 240 pixels").is_visible()
    assert page.get_by_role("heading", level=3).inner_text() == heading
    assert page.locator(".grid canvas").evaluate("canvas => canvas.toDataURL()") == picture


def test_a_bomb_is_refused_and_the_person_goes_on(
    dashboard: str, page: Page, photo_bytes: bytes, screenshots: Path
) -> None:
    open_layers(page, dashboard, {"model": SMALL})
    upload(
        page,
        ("bomb.png", "image/png", make_bomb()),
        ("coffee.png", "image/png", read_sample("coffee")),
        ("notes.jpg", "image/jpeg", b"not a picture"),
    )
    page.get_by_text("2 files refused").click()
    page.get_by_text("50 megapixels").first.wait_for(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    refused = page.locator('[data-testid="stSidebar"] [data-testid="stAlert"]')
    assert refused.count() == 2
    for scheme in in_both_schemes(page):
        page.screenshot(path=screenshots / f"refused-{scheme}.png")
    assert "coffee.png" in page.locator(".strip").get_attribute("aria-label")
    upload(page, ("mine.jpg", "image/jpeg", photo_bytes))
    page.get_by_text("JPEG, 320 × 240 pixels").wait_for(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    assert "mine.jpg" in page.locator(".strip").get_attribute("aria-label")
    page.locator(".grid").click(position={"x": 5, "y": 5})
    wait_until_drawn(page)
    assert "unit" in address_of(page)
    look_at_an_extreme_shape(page)


def test_two_people_see_their_own_pictures(dashboard: str, open_page: Callable[..., Page], photo_bytes: bytes) -> None:
    first, second = open_page(), open_page()
    for page, file in (
        (first, ("first.jpg", "image/jpeg", photo_bytes)),
        (second, ("second.png", "image/png", read_sample("coffee"))),
    ):
        open_layers(page, dashboard, {"model": SMALL})
        upload(page, file)
    for page, own, other in ((first, "first.jpg", "second.png"), (second, "second.png", "first.jpg")):
        page.get_by_text("JPEG, 320 × 240" if own == "first.jpg" else "PNG, 600 × 400").wait_for()
        wait_until_drawn(page)
        assert own in page.locator(".strip").get_attribute("aria-label")
        page.get_by_role("combobox", name="Picture").click()
        offered = " ".join(page.get_by_role("option").all_inner_texts())
        assert own in offered
        assert other not in offered
        page.keyboard.press("Escape")


def look_at_an_extreme_shape(page: Page) -> None:
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (1500, 3), "teal").save(buffer, "PNG")
    upload(page, ("line.png", "image/png", buffer.getvalue()))
    page.get_by_text("PNG, 1500 × 3 pixels").wait_for()
    wait_until_drawn(page)
    page.get_by_text("What the network sees", exact=True).click()
    wait_until_idle(page, timeout=PATIENCE)
    assert not page.locator('[data-testid="stException"]').count()


def test_while_weights_come_nothing_says_that_there_are_none(dashboard: str, page: Page) -> None:
    page.goto(f"{dashboard}/layers?model={SMALL}&weights=0123456789abcdef")
    lack = page.get_by_text("These weights are no longer on the server")
    lack.wait_for(timeout=PATIENCE * 1000)
    held: list[Route] = []
    page.route("**/_stcore/upload_file/**", lambda route: held.append(route))
    data = as_bytes(random_model(SMALL, 3).network.state_dict())
    file = {"name": "mine.safetensors", "mimeType": "application/octet-stream", "buffer": data}
    page.locator(".st-key-weights input[type=file]").set_input_files([file])  # type: ignore[list-item]
    lack.wait_for(state="hidden", timeout=PATIENCE * 1000)
    for route in held:
        route.continue_()
    page.unroute("**/_stcore/upload_file/**")
    page.get_by_text("In use: mine.safetensors").wait_for(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    assert page.locator(".classes li").count() == 3
    page.reload()
    wait_until_drawn(page)
    assert page.locator(".classes li").count() == 3


def test_a_link_opens_at_another_copy_which_goes_on_where_the_first_has_ended(
    open_page: Callable[..., Page], photo_bytes: bytes, tmp_path: Path
) -> None:
    shared = {"EXPLORER_CACHE": str(tmp_path / "kept"), "EXPLORER_STORE": str(tmp_path / "kept" / "store")}

    def start(copies: ExitStack, name: str) -> str:
        (tmp_path / name).mkdir()
        return copies.enter_context(serve(ROOT / "streamlit_app.py", tmp_path / name, shared))

    def look(page: Page) -> tuple[int, str]:
        wait_until_drawn(page)
        return page.locator(".classes li").count(), page.locator(".grid canvas").evaluate("each => each.toDataURL()")

    with ExitStack() as first, ExitStack() as second:
        addresses = start(first, "first"), start(second, "second")
        proxy = second.enter_context(stand_before(*addresses))
        page, other = open_page(), open_page()
        open_layers(page, proxy, {"model": SMALL})
        upload(page, ("holiday.jpg", "image/jpeg", photo_bytes))
        page.get_by_text("JPEG, 320 × 240 pixels").wait_for()
        weights = as_bytes(random_model(SMALL, 3).network.state_dict())
        file = {"name": "mine.safetensors", "mimeType": "application/octet-stream", "buffer": weights}
        page.locator(".st-key-weights input[type=file]").set_input_files([file])  # type: ignore[list-item]
        page.get_by_text("In use: mine.safetensors").wait_for()
        seen = look(page)
        assert seen[0] == 3
        other.goto(page.url.replace(proxy, addresses[1]))
        assert look(other) == seen
        assert address_of(other)["image"].startswith("holiday.jpg · ")
        assert other.get_by_text("In use: mine.safetensors").is_visible()
        with page.expect_websocket():
            first.close()
        assert look(page) == seen
        # The browser still lists a file that this copy was never given.
        upload(page, ("next.png", "image/png", read_sample("coffee")))
        page.get_by_text("PNG, 600 × 400 pixels").wait_for()
        assert look(page)[1] != seen[1]
        for each in (page, other):
            each.goto("about:blank")  # before the last server ends
