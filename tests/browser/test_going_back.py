"""Pages changed and gone back to: what address, history and sidebar keep, and what is left of old results."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.serving import ROOT, wait_until_idle
from tests.browser.test_upload import upload
from tests.browser.watching import PATIENCE, address_of, open_layers, wait_until_drawn

SCROLLED = '[data-testid="stMain"]'
COFFEE, FLOWER = "A cup of coffee", "A flower"
# Of every large picture of the page: its text, and how much of it shows.
SEEN = """() => [...document.querySelectorAll('[data-testid="stMain"] img')].map(image => {
    let opacity = 1;
    for (let each = image; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
    return [image.alt, opacity];
})"""


def picture(name: str, shade: int) -> tuple[str, str, bytes]:
    buffer = BytesIO()
    Image.new("RGB", (48, 40 + shade), (9 * shade, 90, 200)).save(buffer, "PNG")
    return name, "image/png", buffer.getvalue()


def pick(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def go_to(page: Page, title: str) -> None:
    """Begins at the top of the next page, wherever on this one the link was."""
    page.locator(SCROLLED).evaluate("main => main.scrollTo(0, main.scrollHeight)")
    link = page.locator(".st-key-navigation").get_by_role("link", name=title, exact=True)
    link.evaluate("link => link.click()")
    page.get_by_role("heading", name=title, exact=True).wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    assert page.locator(SCROLLED).evaluate("main => main.scrollTop") == 0


def chosen(page: Page, label: str) -> str:
    return page.get_by_role("combobox", name=label, exact=True).input_value()


def test_back_and_forward_keep_picture_network_and_part(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": "tiny-vgg"})
    before = page.evaluate("history.length")
    upload(
        page, picture("mine.png", 1), picture("mine.png", 2), ("a.png", "image/png", b"no"), ("b.png", "image/png", b"")
    )
    expect(page.get_by_text("2 files refused")).to_be_visible(timeout=PATIENCE * 1000)
    wait_until_drawn(page)
    assert chosen(page, "Picture") == "mine.png (2)"  # as the file is called, not as the address calls it
    assert page.get_by_role("combobox", name="Picture", exact=True).bounding_box()["y"] < 600
    address = address_of(page)
    assert address["image"].startswith("mine.png · ")

    go_to(page, "Pooling")
    page.get_by_text("Shift", exact=True).click()
    wait_until_idle(page, timeout=PATIENCE)
    pooling = address_of(page)
    assert pooling == {**pooling, "image": address["image"], "model": "tiny-vgg", "part": "Shift"}
    go_to(page, "Saliency")
    pick(page, "Picture", COFFEE)
    wait_until_idle(page, timeout=PATIENCE)
    assert page.evaluate("history.length") == before + 2  # one entry a page

    for move, title, wanted, name in (
        (page.go_back, "Pooling", pooling, "mine.png (2)"),
        (page.go_back, "Layers", address, "mine.png (2)"),
        (page.go_forward, "Pooling", pooling, "mine.png (2)"),
        (page.go_forward, "Saliency", None, COFFEE),
    ):
        move()
        page.get_by_role("heading", name=title, exact=True).wait_for()
        wait_until_idle(page, timeout=PATIENCE)
        assert wanted is None or address_of(page) == wanted, title
        assert (chosen(page, "Picture"), chosen(page, "Network")) == (name, "tiny-vgg")
        assert page.evaluate("history.length") == before + 2

    # The uploader still has its files, and what is taken off there is off the list.
    names = page.locator('[data-testid="stFileChipName"]')
    expect(names).to_have_text(["mine.png", "mine.png", "a.png", "b.png"])
    page.locator('[data-testid="stFileChipDeleteBtn"] button').first.click()
    expect(names).to_have_count(3)
    wait_until_idle(page, timeout=PATIENCE)
    page.get_by_role("combobox", name="Picture", exact=True).click()
    assert page.get_by_role("option").all_inner_texts()[:2] == ["mine.png", "Chelsea the cat"]


def test_the_next_page_may_write_before_it_is_in_the_address(dashboard: str, page: Page) -> None:
    """As on a busy machine: the entry of the page that is left keeps its own parameters."""
    page.goto(f"{dashboard}/_stcore/health")
    page.evaluate((ROOT / "explorer/ui/app.js").read_text())
    page.evaluate(
        """() => {
            history.pushState({}, "", "/pooling");
            history.replaceState({}, "", "/pooling?part=Shift");  // by a control
            document.body.click();  // on the link to another page
            history.pushState({}, "", "/pooling?model=photo-net");  // by the server, which is there already
            history.pushState({}, "", "/saliency?model=photo-net");
            history.pushState({}, "", "/saliency?model=tiny-vgg");
            history.back();
        }"""
    )
    page.wait_for_url(f"{dashboard}/pooling?part=Shift")
    page.evaluate("history.forward()")
    page.wait_for_url(f"{dashboard}/saliency?model=tiny-vgg")


def test_heatmaps_of_another_photo_pale_and_quick_ones_come_first(dashboard: str, page: Page) -> None:
    page.goto(f"{dashboard}/saliency?model=photo-net&panels=2&method1=SmoothGrad&method2=Grad-CAM")
    maps = page.locator('[data-testid="stMain"] img[alt*=" on Chelsea the cat"]')
    expect(maps).to_have_count(2, timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    page.evaluate(
        f"""() => {{
            window.frames_seen = [];
            window.look = () => {{
                const photo = document.querySelector('[data-testid="stSidebar"] [data-testid="stImage"] img')?.alt;
                window.frames_seen.push([performance.now(), photo, ({SEEN})()]);
                requestAnimationFrame(window.look);
            }};
            requestAnimationFrame(window.look);
        }}"""
    )
    pick(page, "Picture", FLOWER)
    expect(page.locator(f'[data-testid="stMain"] img[alt$=" on {FLOWER}"]')).to_have_count(2, timeout=PATIENCE * 1000)
    frames = page.evaluate("window.frames_seen")
    since = next(time for time, photo, _ in frames if photo == FLOWER)
    old = [(time - since, alt, opacity) for time, _, seen in frames for alt, opacity in seen if "Chelsea" in alt]
    assert not [each for each in old if each[0] > 500 and each[2] > 0.5]
    first = next(seen for _, _, seen in frames if any(alt.endswith(FLOWER) for alt, _ in seen))
    assert [alt.split(" of ")[0] for alt, _ in first if alt.endswith(FLOWER)] == ["Grad-CAM"]
