import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from explorer.samples import SAMPLES
from explorer.ui.app import PAGES
from explorer.zoo import list_shipped
from tests.browser.serving import ROOT, serve, wait_until_idle
from tests.browser.watching import PATIENCE, address_of, choose, open_layers, wait_until_drawn

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]


def test_from_home_to_the_layers(dashboard: str, page: Page) -> None:
    page.goto(dashboard)
    wait_until_idle(page, timeout=PATIENCE)
    page.get_by_role("button", name="Open the layers of a network").click()
    wait_until_drawn(page)
    assert page.url.startswith(f"{dashboard}/layers")
    expect(page.get_by_role("heading", name="Layers", exact=True)).to_be_visible()


@pytest.mark.parametrize("name", list_shipped())
def test_a_stage_opens_and_closes(name: str, dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": name})
    columns = page.locator(".column")
    before = columns.count()
    closed = page.locator(".column.opens .header")
    if closed.count() < 2:
        return
    closed.nth(1).click()
    expect(page.locator(".close")).to_have_count(1, timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    assert columns.count() > before
    # An addition reads the column before it and one further back: that one passes the others by on a line of its own.
    arriving = page.locator(".branches path").evaluate_all("paths => paths.map((path) => path.dataset.to)")
    added = columns.filter(has=page.locator(".kind", has_text=re.compile("^add$")))
    assert {column.get_attribute("data-key") for column in added.all()} <= set(arriving)
    assert "open" in address_of(page)
    if name == list_shipped()[0]:  # a link means the same for every network
        page.reload()
        wait_until_drawn(page)
        expect(page.locator(".close")).to_have_count(1)
    page.locator(".close").click()
    expect(columns).to_have_count(before, timeout=PATIENCE * 1000)


def test_a_click_chooses_a_layer_or_opens_a_card(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": SMALL, "order": "Mean"})
    click_a_column(page)
    click_a_map_in_the_view(page)
    click_a_map_on_the_grid(page)


def click_a_column(page: Page) -> None:
    column = page.locator(".column:not(.opens):not([data-key=input])").nth(2)
    key = column.get_attribute("data-key")
    column.locator(".header").click()
    expect(column).to_have_class("column selected")
    wait_until_drawn(page)
    assert address_of(page)["layer"] == key
    assert page.get_by_role("combobox", name="Layer").input_value() == key
    assert f"of {key} " in page.locator(".grid").get_attribute("aria-label")


def click_a_map_in_the_view(page: Page) -> None:
    column = page.locator(".column:not([data-key=input])").nth(1)
    thumb = column.locator(".thumb").nth(1)
    unit = thumb.evaluate("button => button.unit")
    thumb.click()
    wait_until_drawn(page)
    layer = address_of(page)["layer"]
    assert address_of(page)["unit"] == str(unit)
    expect(page.get_by_role("heading", name=f"{layer}, map {unit}")).to_be_in_viewport(timeout=PATIENCE * 1000)
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".grid rect.selected.shown").first).to_be_attached()
    expect(page.locator(".line")).to_contain_text(f"map {unit}:")


def click_a_map_on_the_grid(page: Page) -> None:
    grid = page.locator(".grid")
    grid.hover(position={"x": 60, "y": 8})
    said = page.locator(".line").inner_text()
    unit = said.split(":")[0].removeprefix("map ")
    grid.click(position={"x": 60, "y": 8})
    wait_until_drawn(page)
    assert address_of(page)["unit"] == unit
    heading = page.get_by_role("heading", level=3)
    expect(heading).to_contain_text(f", map {unit}", timeout=PATIENCE * 1000)
    expect(heading).to_be_in_viewport(timeout=PATIENCE * 1000)
    # Another layer keeps the map's number; emptying the field puts the card away.
    page.get_by_role("spinbutton", name="Map").fill("")
    page.keyboard.press("Enter")
    expect(heading).to_have_count(0, timeout=PATIENCE * 1000)


def test_a_preferred_input_is_seen_growing_and_kept_where_it_is_stopped(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"unit": "7", "layer": "stages.stage4.block2.project.bn", "prefer_count": "3"})
    page.get_by_text("Preferred input", exact=True).click()
    growing = page.get_by_role("img", name="The picture as it grows")
    growing.wait_for(timeout=PATIENCE * 1000)
    first = growing.get_attribute("src")
    expect(growing).not_to_have_attribute("src", first, timeout=PATIENCE * 1000)
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Growing from noise was stopped.")).to_be_visible(timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    kept = page.get_by_role("img", name="3 pictures made from noise")
    assert kept.get_attribute("src") not in (None, first)
    told = page.get_by_text(re.compile(r"^Made from noise in \d+ steps:")).inner_text()
    assert 1 < int(re.search(r"\d+", told)[0]) < 256
    corner = kept.evaluate(  # the empty fourth place shows the page's own ground, light or dark
        """image => {
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
            canvas.drawImage(image, 0, 0);
            return canvas.getImageData(image.naturalWidth - 5, image.naturalHeight - 5, 1, 1).data[3];
        }"""
    )
    assert corner == 0


def test_downloads_and_a_link_that_reopens_the_view(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": SMALL})
    check_downloads(page)
    choose(page, "Picture", SAMPLES[1].title)
    choose(page, "Order of maps", "Largest value")
    for label in ("One scale", "Pad", "Second picture"):
        page.get_by_role("radio", name=label).or_(page.get_by_role("button", name=label, exact=True)).first.click()
        wait_until_drawn(page)
    page.get_by_role("spinbutton", name="Map").first.fill("2")
    page.keyboard.press("Enter")
    wait_until_drawn(page)
    before = address_of(page)
    assert before == {
        "model": SMALL,
        "image": SAMPLES[1].title,
        "order": "Largest value",
        "scale": "One scale",
        "fit": "Pad",
        "compare": "Second picture",
        "unit": "2",
    } | {name: value for name, value in before.items() if name in ("image2", "layer")}
    pictures = [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator(".grid canvas").all()]
    page.reload()
    wait_until_drawn(page)
    assert address_of(page) == before
    again = [canvas.evaluate("canvas => canvas.toDataURL()") for canvas in page.locator(".grid canvas").all()]
    assert again == pictures


def test_a_link_opens_the_right_page_on_a_new_server(chromium: Path, page: Page, tmp_path: Path) -> None:
    with serve(ROOT / "streamlit_app.py", home=tmp_path) as address:
        open_layers(page, address, {"model": SMALL, "unit": "1"})
        expect(page.get_by_role("heading", name="Layers", exact=True)).to_be_visible()
        navigation = page.locator('.st-key-navigation [data-testid="stPageLink-NavLink"]')
        titles = {text.strip().split("\n")[-1] for text in navigation.all_inner_texts()}
        assert titles == {
            "Transfer learning" if file.stem == "transfer" else file.stem.capitalize()
            for file in (ROOT / "pages").glob("*.py")
        }
        assert page.locator('[data-testid="stSidebarNav"]').count() == 0
        assert address_of(page)["unit"] == "1"
        # Streamlit's own figures about sessions and caches are nobody's business.
        assert [page.request.get(f"{address}/_stcore/{name}").status for name in ("health", "metrics", "metrics/")] == [
            200,
            404,
            404,
        ]
        # What a page no longer shows is there for browsers that are slow to ask: Streamlit would delete it at once.
        photo = page.get_by_test_id("stSidebar").locator("img").first
        shown = urljoin(address, str(photo.get_attribute("src")))
        choose(page, "Picture", SAMPLES[1].title)
        wait_until_idle(page, timeout=PATIENCE)
        assert urljoin(address, str(photo.get_attribute("src"))) != shown
        assert page.request.get(shown).status == 200
        page.goto("about:blank")  # before its server ends


def check_downloads(page: Page) -> None:
    """They are what is on the page."""
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").click()
    with page.expect_download() as arrays:
        page.get_by_role("button", name="Arrays (NPZ)").click()
    maps = np.load(arrays.value.path())["maps"]
    assert maps.ndim == 3
    assert maps.dtype == np.float32
    assert arrays.value.suggested_filename.endswith(".npz")
    with Image.open(picture.value.path()) as grid:
        downloaded = np.asarray(grid.convert("RGBA"))
    url = page.locator(".grid canvas").evaluate("canvas => canvas.toDataURL()")
    from base64 import b64decode

    with Image.open(io.BytesIO(b64decode(url.split(",")[1]))) as canvas:
        shown = np.asarray(canvas.convert("RGBA"))
    opaque = downloaded[..., 3] > 0
    assert shown.shape == downloaded.shape
    np.testing.assert_array_equal(shown[opaque], downloaded[opaque])


def test_pages_fit_every_screen(dashboard: str, page: Page, screenshots: Path) -> None:
    """What Layers shows first is in test_first_screen.py."""
    page.goto(dashboard)
    wait_until_idle(page, timeout=PATIENCE)
    for width, scheme in on_every_screen(page):
        page.screenshot(path=screenshots / f"home-{width}-{scheme}.png")
    for view, address in {
        "unit": {"unit": "1"},
        "comparison": {"compare": "Second network", "model2": list_shipped()[-1], "unit": "1"},
    }.items():
        open_layers(page, dashboard, address)
        for width, scheme in on_every_screen(page):
            show_whole(page)
            page.screenshot(path=screenshots / f"{view}-{width}-{scheme}.png")


def on_every_screen(page: Page) -> Iterator[tuple[int, str]]:
    """The page as wide as a laptop and a phone, in both schemes, and it fits; each is one change of the last."""
    grounds = set()
    for width, height, scheme in ((1440, 900, "light"), (1440, 900, "dark"), (390, 844, "dark"), (390, 844, "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        wait_until_idle(page, timeout=PATIENCE)
        grounds.add((scheme, ground_of(page)))
        check_width(page)
        yield width, scheme
    assert len(grounds) == len({ground for _, ground in grounds}) == 2


def ground_of(page: Page) -> str:
    return page.locator('[data-testid="stApp"]').evaluate("app => getComputedStyle(app).backgroundColor")


def show_whole(page: Page) -> None:
    """A screen as tall as what is on it."""
    tall = page.locator('[data-testid="stMain"]').evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": tall + 60})
    wait_until_idle(page, timeout=PATIENCE)


def in_both_schemes(page: Page) -> Iterator[str]:
    """The page as it was opened, then in the dark; it is redrawn, not opened again."""
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        wait_until_idle(page, timeout=PATIENCE)
        grounds.append(ground_of(page))
        yield scheme
    assert len(set(grounds)) == 2
    page.emulate_media(color_scheme="light")


def check_width(page: Page) -> None:
    """Nothing makes the page wider than the screen."""
    wide = page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .map((element) => element.scrollWidth - element.clientWidth)"""
    )
    assert wide == [0, 0]


def test_every_page_is_one_click_away_and_the_current_one_is_marked(dashboard: str, page: Page) -> None:
    page.goto(f"{dashboard}/pooling")
    expect(page.get_by_role("heading", name="Pooling", exact=True)).to_be_visible(timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    navigation = page.locator(".st-key-navigation")
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        for entry in PAGES:
            link = navigation.get_by_role("link", name=entry.title, exact=True)
            expect(link).to_be_in_viewport()
            expect(navigation.get_by_text(entry.group, exact=True)).to_be_in_viewport()
            weight = int(link.locator("p, span").last.evaluate("text => getComputedStyle(text).fontWeight"))
            assert (weight > 500) == (entry.name == "pooling"), entry.name
    navigation.get_by_role("link", name="Convolution").click()
    expect(page.get_by_role("heading", name="Convolution", exact=True)).to_be_visible(timeout=PATIENCE * 1000)
