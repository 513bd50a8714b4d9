import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from explorer.zoo import list_shipped, load_model
from tests.browser.serving import wait_until_idle
from tests.browser.watching import (
    PATIENCE,
    address_of,
    colours_on,
    frames_from,
    frames_to,
    open_layers,
    wait_for,
    wait_until_drawn,
)

SMALL = "tiny-vgg" if "tiny-vgg" in list_shipped() else list_shipped()[-1]

# Of every element that a person can use or look at, in shadow trees too: those without an accessible name.
NAMELESS = """() => {
    const found = [];
    const nameOf = (element) => [
        element.getAttribute("aria-label"),
        element.getAttribute("alt"),
        element.getAttribute("title"),
        ...(element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
            .map((id) => element.getRootNode().getElementById(id)?.textContent),
        ...[...(element.labels ?? [])].map((label) => label.textContent),
        element.textContent,
    ].some((text) => text?.trim());
    const walk = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) walk(element.shadowRoot);
            const wanted = element.matches("img, button, a[href], input:not([type=hidden]), canvas, [role=listbox]");
            if (!wanted || element.closest("[aria-hidden=true]") || !element.checkVisibility()) continue;
            if (!nameOf(element)) found.push(element.outerHTML.slice(0, 300));
        }
    };
    walk(document.querySelector('[data-testid="stAppViewContainer"]'));
    return found;
}"""


# Left, top, right and bottom of the maps that are wholly in sight, a pixel inside their edges, from the strip's corner.
INSIDE = """strip => {
    const all = strip.getBoundingClientRect();
    const boxes = [...strip.querySelectorAll(".thumb .map")].map((map) => map.getBoundingClientRect());
    return boxes.filter(({ left, right }) => left > all.left && right < all.right).map(
        (box) => [box.left - all.left + 1, box.top - all.top + 1, box.right - all.left - 1, box.bottom - all.top - 1],
    );
}"""


# The middle of the first term that is explained, brought onto the screen.
TERM = """() => {
    const found = [...CSS.highlights.get('glossary')][0];
    found.startContainer.parentElement.scrollIntoView({ block: "center" });
    const range = document.createRange();
    range.setStart(found.startContainer, found.startOffset);
    range.setEnd(found.endContainer, found.endOffset);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def check_every_map_is_drawn(layers: Page) -> None:
    thumbs = layers.locator(".strip .thumb .map")
    assert thumbs.count() > 30
    strip = layers.locator(".strip")
    with Image.open(io.BytesIO(strip.screenshot())) as shown:
        parts = [shown.crop(box).getcolors(4096) for box in strip.evaluate(INSIDE)]
    assert len(parts) > 25
    assert sum(len(colours) > 3 for colours in parts) > 20  # a map in which no cell is active has one colour
    assert colours_on(layers.locator(".grid canvas")) > 10


def test_looking_asks_the_server_nothing(dashboard: str, page: Page) -> None:
    """Names, terms, pointer and arrow keys, on one page; the last key is the one that asks."""
    sent = frames_to(page)
    open_layers(page, dashboard, {"model": SMALL})
    assert sent  # the page did talk to the server
    before = len(sent)
    assert page.evaluate(NAMELESS) == []
    check_every_map_is_drawn(page)
    check_terms(page)
    check_hover(page)
    focused = walk_the_network(page)
    wait_until_idle(page, quiet=0.5, timeout=PATIENCE)
    assert len(sent) == before
    unit, column = focused.evaluate("button => [button.unit, button.column.key]")
    page.keyboard.press("Enter")
    wait_until_drawn(page)
    assert address_of(page)["unit"] == str(unit)
    assert address_of(page)["layer"] == column.rsplit(":", 1)[-1]


def check_hover(page: Page) -> None:
    tip, line = page.locator(".tip"), page.locator(".line")
    header = page.locator(".column:not([data-key=input]) .header").nth(1)
    header.hover()
    expect(tip).to_be_visible()
    for word in ("shape", "parameters", "multiply-adds", "memory", "receptive field"):
        expect(tip).to_contain_text(word)
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440
    thumb = page.locator(".column:not([data-key=input]) .thumb").nth(3)
    thumb.hover()
    thumb.hover(position={"x": 5, "y": 5})  # the strip was scrolled to it, which hides what is said of it
    expect(tip).to_contain_text("channel")
    check_kernels(page, thumb)
    check_softmax(page)
    grid = page.locator(".grid")
    grid.hover(position={"x": 10, "y": 10})
    expect(tip).to_be_hidden()
    first = line.inner_text()
    assert first.startswith("map 0: mean ")
    area = grid.bounding_box()
    grid.hover(position={"x": area["width"] - 10, "y": 10})
    expect(line).not_to_have_text(first)


def check_kernels(page: Page, thumb: Locator) -> None:
    """A map of the first convolution reads red, green and blue, with the weights that the network has."""
    kernels = page.locator(".links .kernel")
    expect(kernels).to_have_count(3)
    layer, unit = thumb.evaluate("button => [button.column.key, button.unit]")
    weights = load_model(SMALL, "cpu").network.get_submodule(layer).weight[unit].detach().numpy()
    drawn = [kernel.get_attribute("data-weights").split() for kernel in kernels.all()]
    np.testing.assert_allclose(np.array(drawn, float).reshape(weights.shape), weights, rtol=1e-6)


def check_softmax(page: Page) -> None:
    """Worked out of the logits in the browser, the shares are those that the server says."""
    working, total = page.locator(".working"), 0.0
    rows = page.locator(".classes button")
    for row in rows.all():
        row.hover()
        share = float(working.get_attribute("data-share"))
        assert 100 * share == pytest.approx(float(row.locator(".percent").inner_text().rstrip(" %")), rel=5e-3)
        total += share
    assert rows.count() == 10
    assert total == pytest.approx(1)  # there are no other classes


def walk_the_network(page: Page) -> Locator:
    """With the arrow keys; gives where they have led."""
    strip = page.locator(".strip")
    assert strip.locator("button[tabindex='0']").count() == 1  # one stop of the Tab key
    strip.locator("button[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    focused = strip.locator("button[tabindex='0']")
    expect(focused).to_be_focused()
    expect(page.locator(".tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()
    return focused


def test_the_grid_by_keyboard(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": SMALL})
    grid, line = page.locator(".grid"), page.locator(".line")
    grid.focus()
    page.keyboard.press("Home")
    expect(line).to_contain_text("map 0:")
    page.keyboard.press("ArrowRight")
    expect(line).to_contain_text("map 1:")
    option = page.locator(".option")
    expect(option).to_have_attribute("aria-posinset", "2")
    assert grid.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # stays on the first
    expect(line).to_contain_text("map 0:")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_until_drawn(page)
    assert address_of(page)["unit"] == "1"
    assert page.evaluate(NAMELESS) == []


def test_a_picture_is_sent_once(dashboard: str, page: Page) -> None:
    received = frames_from(page)
    # A layer without a microscope, whose numbers would come with the first click.
    open_layers(page, dashboard, {"model": SMALL, "layer": "features.relu1_1"})
    opened = sum(map(len, received))
    received.clear()
    page.locator(".grid").click(position={"x": 5, "y": 5})
    wait_until_drawn(page)
    # The card's pictures come by their own addresses; the view and the grid are in the browser already.
    pictures = [frame for frame in received if isinstance(frame, bytes) and frame.count(b"\x89PNG")]
    assert not pictures
    assert sum(map(len, received)) < opened


def check_terms(page: Page) -> None:
    """Each is explained where it stands first, under the pointer; for those who use none in a list at the end."""
    page.wait_for_function("CSS.highlights.get('glossary')?.size > 2")
    words = page.evaluate(
        """[...CSS.highlights.get('glossary')].map((range) =>
            range.startContainer.data.slice(range.startOffset, range.endOffset).toLowerCase())"""
    )
    assert len(set(words)) == len(words)
    listed = page.locator("details.glossary")
    listed.locator("summary").click()
    expect(listed.locator("dt")).to_have_count(len(words))
    expect(listed.locator("dd").first).to_contain_text(".")
    explained = page.get_by_role("tooltip").filter(visible=True)

    def point() -> bool:
        """Where the term stands now; scrolling and what arrives above it move it away, and hide what is explained."""
        x, y = page.evaluate(TERM)
        page.mouse.move(x - 1, y)
        page.mouse.move(x, y)
        return explained.count() > 0 and ": " in explained.first.inner_text()

    wait_for(page, point)


def test_everything_of_a_comparison_has_a_name(dashboard: str, page: Page) -> None:
    open_layers(page, dashboard, {"model": SMALL, "compare": "Second picture"})
    assert page.evaluate(NAMELESS) == []


def test_touch_has_no_hover(dashboard: str, open_page: Callable[..., Page]) -> None:
    page = open_page(width=390, height=844)
    open_layers(page, dashboard, {"model": SMALL})
    # The upload is in the sidebar, which is closed here: its button says so.
    behind = page.get_by_test_id("stExpandSidebarButton")
    expect(behind).to_be_in_viewport()
    assert "Your picture" in behind.evaluate("button => getComputedStyle(button, '::after').content")
    strip = page.locator(".strip")
    inner, outer = strip.evaluate("strip => [strip.scrollWidth, strip.clientWidth]")
    assert inner > outer  # it scrolls by itself, not the page
    thumb = page.locator(".column.selected .thumb").first
    thumb.click()
    wait_until_drawn(page)
    assert "unit" in address_of(page)
    expect(page.get_by_role("heading", level=3)).to_be_visible(timeout=PATIENCE * 1000)
