import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from torch.nn import functional

from explorer.operations.channel_view import NONE, ChannelView
from tests.browser.microscope_page import CASES, random_input
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_from, frames_to, wait_for

MARGIN = 7  # of the canvas that is pointed at, round the map

# The input cells that are not dimmed, by the pixel in the middle of each.
LIT = """([root, height, width]) => {
    const canvas = root.querySelector(".input .over");
    const margin = 7 * canvas.width / canvas.clientWidth;
    const times = (canvas.width - 2 * margin) / width;
    const context = canvas.getContext("2d");
    const lit = [];
    for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
            const at = [margin + (x + 0.5) * times, margin + (y + 0.5) * times].map(Math.floor);
            if (context.getImageData(...at, 1, 1).data[3] === 0) lit.push([y, x]);
        }
    }
    return lit;
}"""

SIDES = (
    """elements => elements.map((element) => element.getBoundingClientRect()).map(({ left, right }) => [left, right])"""
)


def open_case(page: Page, dashboard: str, case: str, query: str = "") -> Locator:
    return follow(page, f"{dashboard}/?only=microscope_page&case={case}&{query}", ".microscope[data-drawn=true]")


def show_case(page: Page, case: str) -> Locator:
    """Another case on the page that is open: a tenth of what a page costs, and its microscope is a new one too."""
    field = page.get_by_role("textbox", name="Case")
    field.fill(case)
    field.press("Enter")
    root = page.locator(f".st-key-microscope_{case} .microscope[data-drawn=true]")
    root.wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    return root


def place_of(box: dict[str, float], size: tuple[int, int], cell: tuple[int, int]) -> dict[str, float]:
    """Where a cell's middle lies on the output's canvas."""
    times = (box["width"] - 2 * MARGIN) / size[1]
    return {"x": MARGIN + (cell[1] + 0.5) * times, "y": MARGIN + (cell[0] + 0.5) * times}


def point_at(root: Locator, size: tuple[int, int], cell: tuple[int, int]) -> None:
    """Moves the pointer there and waits for the frame after; `hover` would first see whether anything moves."""
    box = root.locator(".output .over").bounding_box()
    at = place_of(box, size, cell)
    root.page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
    root.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def click_on(root: Locator, size: tuple[int, int], cell: tuple[int, int]) -> None:
    over = root.locator(".output .over")
    over.click(position=place_of(over.bounding_box(), size, cell))


def expect_cell(root: Locator, cell: tuple[int, int]) -> None:
    expect(root).to_have_attribute("data-cell", f"{cell[0]},{cell[1]}")


def read(root: Locator) -> dict[str, Any]:
    """The last explanation, all of one drawing."""
    said = root.evaluate(
        """root => ({
            ...root.dataset,
            remark: root.querySelector(".remark").innerText,
            line: root.querySelector(".line").innerText,
        })"""
    )
    return said | {name: float(said[name]) if said[name] else None for name in ("value", "sum", "framework")}


def choose_cells(size: tuple[int, int], count: int, seed: int = 0) -> list[tuple[int, int]]:
    """The corners, where padding is, and some others."""
    height, width = size
    chance = random.Random(seed)
    corners = [(0, 0), (0, width - 1), (height - 1, 0), (height - 1, width - 1)]
    others = [(chance.randrange(height), chance.randrange(width)) for _ in range(count)]
    return list(dict.fromkeys([*corners, *others]))


def find_terms(channel_view: ChannelView, cell: tuple[int, int]) -> np.ndarray:
    """What is added up for a cell, (C, kh, kw) in doubles, 0 where nothing is read."""
    rows, columns = channel_view.rows[cell[0]][:, None], channel_view.columns[cell[1]][None]
    values = channel_view.input[:, np.maximum(rows, 0), np.maximum(columns, 0)].astype(np.float64)
    values = np.where((rows >= 0) & (columns >= 0), values, 0.0)
    return values if channel_view.kernel is None else values * channel_view.kernel


def test_every_kind_of_layer(dashboard: str, page: Page, subtests: pytest.Subtests) -> None:
    open_case(page, dashboard, "first_layer")
    for case, build in CASES.items():
        root, channel_view = show_case(page, case), build(0)
        for check in (check_values, *MORE.get(case, ())):
            with subtests.test(case=case, check=check.__name__):
                check(root, channel_view)


def check_values(root: Locator, channel_view: ChannelView) -> None:
    """They are those of PyTorch."""
    size = channel_view.output_size
    assert (
        colours_on(root.locator(".output .base")) > 1 or channel_view.output.size == 1 or not channel_view.output.any()
    )
    for cell in choose_cells(size, 6):
        point_at(root, size, cell)
        expect_cell(root, cell)
        said = read(root)
        truth = channel_view.output if channel_view.final is None else channel_view.final
        magnitude = np.abs(find_terms(channel_view, cell)).sum() + abs(channel_view.bias or 0)
        assert said["framework"] == float(truth[cell])
        assert said["sum"] == pytest.approx(channel_view.output[cell], rel=0, abs=1e-5 * magnitude)
        # No step here is steeper than 1.25, but float32 rounds once more after each.
        assert said["value"] == pytest.approx(truth[cell], rel=0, abs=1.25e-5 * magnitude + 1e-7)
        equal = said["value"] == said["framework"]
        assert said["remark"] == ("equal to the last digit" if equal else "rounding of float32")


def check_lit_cells(root: Locator, channel_view: ChannelView) -> None:
    """They are those that are read."""
    for cell in choose_cells(channel_view.output_size, 2, seed=3):
        point_at(root, channel_view.output_size, cell)
        expect_cell(root, cell)
        lit = root.page.evaluate(LIT, [root.element_handle(), *channel_view.input_size])
        rows, columns = channel_view.rows[cell[0]], channel_view.columns[cell[1]]
        assert {(y, x) for y, x in lit} == {(int(y), int(x)) for y in rows for x in columns if y >= 0 and x >= 0}


def check_largest(root: Locator, channel_view: ChannelView) -> None:
    """It is marked where PyTorch took it."""
    _, places = functional.max_pool2d(random_input(4, 56, 56, positive=True), 3, 2, 1, return_indices=True)
    for cell in choose_cells(channel_view.output_size, 30):
        point_at(root, channel_view.output_size, cell)
        expect_cell(root, cell)
        place = int(places[0, 0][cell])
        said = read(root)
        assert said["best"] == f"{place // 56},{place % 56}"
        assert f"the largest is at row {place // 56}, column {place % 56}" in said["line"]


def check_hundreds_of_channels(root: Locator, channel_view: ChannelView) -> None:
    """The strongest are shown, the others summed up."""
    cell = (3, 5)
    point_at(root, channel_view.output_size, cell)
    expect_cell(root, cell)
    shares = find_terms(channel_view, cell).sum(axis=(1, 2))
    strongest = np.argsort(-np.abs(shares))[:8]
    names = root.locator(".card .name")
    assert names.all_inner_texts() == [f"channel {channel}" for channel in strongest]
    expect(root).to_have_attribute("data-channel", str(strongest[0]))
    lines = root.locator("dl").inner_text().replace("−", "-").split("\n")
    values = {name: float(value) for name, value in zip(lines[::2], lines[1::2], strict=False)}
    assert values["8 largest channels"] == pytest.approx(shares[strongest].sum(), rel=1e-6)
    assert values[f"{len(shares) - 8} others"] == pytest.approx(shares.sum() - shares[strongest].sum(), rel=1e-6)
    assert values[f"sum of {9 * len(shares)} products"] == pytest.approx(shares.sum(), rel=1e-6)
    for canvas in root.locator(".card canvas").all():
        assert colours_on(canvas) > 10


def check_after_the_last_the_first(root: Locator, channel_view: ChannelView) -> None:
    last = (channel_view.output_size[0] - 1, channel_view.output_size[1] - 1)
    point_at(root, channel_view.output_size, last)
    expect_cell(root, last)
    root.get_by_role("button", name="One cell on").click()
    expect_cell(root, (0, 0))
    root.get_by_role("button", name="One cell back").click()
    expect_cell(root, last)


def check_a_large_window(root: Locator, channel_view: ChannelView) -> None:
    """It is read by pointing."""
    canvas = root.locator(".card canvas")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * 10.5 / 56, "y": box["height"] * 20.5 / 56})
    value = f"{channel_view.input[0, 20, 10]:.4g}"
    expect(root.locator(".tip")).to_have_text(f"patch (20, 10): {value}, input row 20, column 10")
    expect(root.get_by_role("button", name="Play")).to_be_disabled()  # there is one cell only


# What is seen of some cases, beside their values.
MORE: dict[str, tuple[Callable[[Locator, ChannelView], None], ...]] = {
    **dict.fromkeys(("grouped", "replicated", "circular", "transposed"), (check_lit_cells,)),
    "adaptive": (check_lit_cells, check_after_the_last_the_first),
    "maximum": (check_largest,),
    **dict.fromkeys(("many", "deep"), (check_hundreds_of_channels,)),
    "overall": (check_a_large_window,),
}


def test_everything_has_a_name_and_a_channel_is_chosen_by_its_bar(dashboard: str, page: Page) -> None:
    channel_view = CASES["many"](0)
    root = open_case(page, dashboard, "many")
    assert page.evaluate(NAMELESS) == []
    expect(root.get_by_role("application")).to_have_accessible_name(
        "Output of conv, map 0, 64 by 64 cells: arrows move, Enter pins"
    )
    point_at(root, channel_view.output_size, (3, 5))
    expect_cell(root, (3, 5))
    greatest = int(np.argmax(find_terms(channel_view, (3, 5)).sum(axis=(1, 2))))
    root.locator(".bars").click(position={"x": 1, "y": 8})
    expect(root).to_have_attribute("data-channel", str(greatest))
    expect(root.locator(".input .what")).to_contain_text(f"channel {greatest} of")
    for cell in ((20, 20), (40, 9)):
        point_at(root, channel_view.output_size, cell)
        expect_cell(root, cell)
        expect(root).to_have_attribute("data-channel", str(greatest))
    button = root.locator(".channel").nth(2)
    chosen = button.locator(".name").inner_text().removeprefix("channel ")
    button.click()
    expect(root).to_have_attribute("data-channel", chosen)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()  # again: back to the strongest
    expect(root).to_have_attribute("data-channel", root.locator(".name").first.inner_text().removeprefix("channel "))


def test_two_hundred_hovers_call_nobody(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    root = open_case(page, dashboard, "many")
    assert sent  # the page did talk to the server
    before = len(sent)
    box = root.locator(".output .over").bounding_box()
    chance = random.Random(0)
    seen = set()
    for _ in range(200):
        page.mouse.move(box["x"] + chance.uniform(0, box["width"]), box["y"] + chance.uniform(0, box["height"]))
        seen.add(root.get_attribute("data-cell"))
    assert len(seen) > 100
    page.wait_for_timeout(500)
    assert len(sent) == before
    times = root.evaluate("root => root.renderTimes")
    assert 100 < len(times) <= 300
    assert all(time >= 0 for time in times)


def test_a_click_pins_and_another_lets_go(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    size = CASES["first_layer"](0).output_size
    root = open_case(page, dashboard, "first_layer")
    before = len(sent)
    click_on(root, size, (9, 30))
    expect(root).to_have_attribute("data-pinned", "9,30")
    wait_until_idle(page)
    wait_for(page, lambda: len(sent) > before)
    assert address_of(page)["pinned"] == "9,30"
    before = len(sent)
    point_at(root, size, (60, 60))
    page.wait_for_timeout(200)
    expect_cell(root, (9, 30))  # held
    assert len(sent) == before
    click_on(root, size, (9, 30))
    wait_until_idle(page)
    assert "pinned" not in address_of(page)
    point_at(root, size, (60, 60))
    expect_cell(root, (60, 60))
    click_on(root, size, (60, 61))
    wait_until_idle(page)
    page.keyboard.press("Escape")
    wait_until_idle(page)
    expect(root).to_have_attribute("data-pinned", "")
    assert "pinned" not in address_of(page)


def test_a_link_opens_the_pinned_cell(dashboard: str, page: Page) -> None:
    channel_view = CASES["many"](1)
    root = open_case(page, dashboard, "many", "pinned=7,60")
    expect_cell(root, (7, 60))
    before = read(root)
    received = frames_from(page)
    page.reload()
    wait_until_idle(page)
    opened = sum(map(len, received))
    received.clear()
    page.get_by_role("radio", name="1").click()
    wait_until_idle(page)
    expect_cell(root, (7, 60))
    expect(root).to_have_attribute("data-pinned", "7,60")
    assert read(root)["framework"] == channel_view.final[7, 60] != before["framework"]
    # The channel's own numbers came; the input, a megabyte, was there already.
    assert opened > channel_view.input.nbytes
    assert 0 < sum(map(len, received)) < channel_view.input.nbytes / 4


def test_play_pause_and_step(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    size = CASES["depthwise"](0).output_size
    root = open_case(page, dashboard, "depthwise")
    before = len(sent)
    point_at(root, size, (2, size[1] - 2))
    expect_cell(root, (2, size[1] - 2))
    step, back = (root.get_by_role("button", name=name) for name in ("One cell on", "One cell back"))
    step.click()
    step.click()
    expect_cell(root, (3, 0))  # in raster order
    back.click()
    expect_cell(root, (2, size[1] - 1))
    root.get_by_role("button", name="Play").click()
    pause = root.get_by_role("button", name="Pause")
    expect(pause).to_be_visible()
    page.wait_for_function("root => Number.parseInt(root.dataset.cell) >= 4", arg=root.element_handle())
    pause.click()
    held = root.get_attribute("data-cell")
    page.wait_for_timeout(400)
    assert root.get_attribute("data-cell") == held
    root.get_by_role("button", name="Play").click()
    expect(root).not_to_have_attribute("data-cell", held)
    point_at(root, size, (20, 20))  # who points takes over
    expect_cell(root, (20, 20))
    expect(root.get_by_role("button", name="Play")).to_be_visible()
    assert len(sent) == before


def test_the_keyboard(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    height, width = CASES["depthwise"](0).output_size
    root = open_case(page, dashboard, "depthwise")
    before = len(sent)
    root.get_by_role("application").focus()
    row, column = map(int, root.get_attribute("data-cell").split(","))
    for key, cell in [
        ("ArrowDown", (row + 1, column)),
        ("ArrowLeft", (row + 1, column - 1)),
        ("Home", (row + 1, 0)),
        ("ArrowLeft", (row + 1, 0)),  # stays at the edge
        ("ArrowUp", (row, 0)),
        ("End", (row, width - 1)),
        ("ArrowRight", (row, width - 1)),
    ]:
        page.keyboard.press(key)
        expect_cell(root, cell)
    expect(root.locator(".line")).to_contain_text(f"output cell (row {row}, column {width - 1})")
    assert len(sent) == before
    page.keyboard.press("Enter")
    wait_until_idle(page)
    assert address_of(page)["pinned"] == f"{row},{width - 1}"
    page.keyboard.press("Space")
    wait_until_idle(page)
    assert "pinned" not in address_of(page)
    expect(root).to_have_attribute("data-pinned", "")
    assert height > 2


def test_a_phone(dashboard: str, open_page: Callable[..., Page], subtests: pytest.Subtests) -> None:
    page = open_page(width=390, height=844)
    open_case(page, dashboard, "first_layer")
    for case in ("many", "photo_5x5", "reflected", "maximum", "withheld_many", "first_layer"):
        root = show_case(page, case)
        with subtests.test(case=case):
            check_a_phone(root)


def check_a_phone(root: Locator) -> None:
    page = root.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    input_box, output_box = (root.locator(f".{side} .map").bounding_box() for side in ("input", "output"))
    assert output_box["y"] > input_box["y"] + input_box["height"]
    sides = root.locator("canvas, button, p, dd").filter(visible=True).evaluate_all(SIDES)
    assert len(sides) > 10
    assert all(left >= 0 and right <= 390 for left, right in sides)
    root.locator(".output .over").click(position={"x": 30, "y": 30})  # a finger cannot hover
    wait_until_idle(page)
    expect(root).not_to_have_attribute("data-pinned", "")


def test_an_input_too_large_to_send(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    channel_view = CASES["many"](0)
    size = channel_view.output_size
    root = open_case(page, dashboard, "withheld_many")
    before = len(sent)
    note = root.locator(".note")
    expect(note).to_have_text("This layer's input is 1 MB, too much to send: click a cell to fetch its numbers.")
    point_at(root, size, (0, 9))
    expect_cell(root, (0, 9))
    said = read(root)
    assert said["value"] is None
    assert said["framework"] == channel_view.final[0, 9]
    expect(root.locator(".line")).to_contain_text("reads input rows 0–1, columns 8–10, and 3 padded zeros")
    assert len(sent) == before
    for cell in ((0, 9), (31, 8)):
        click_on(root, size, cell)
        expect(root).not_to_have_attribute("data-value", "")
        wait_until_idle(page)
        expect_cell(root, cell)
        expect(note).to_be_hidden()
        magnitude = np.abs(find_terms(channel_view, cell)).sum()
        assert read(root)["sum"] == pytest.approx(channel_view.output[cell], rel=0, abs=1e-5 * magnitude)
        assert root.locator(".card:visible").count() == 8
    page.keyboard.press("Escape")
    wait_until_idle(page)
    point_at(root, size, (5, 5))
    expect_cell(root, (5, 5))
    assert read(root)["value"] is None
    expect(note).to_be_visible()


def test_the_dark_theme(dashboard: str, open_page: Callable[..., Page]) -> None:
    root = open_case(open_page(colour_scheme="dark"), dashboard, "sparse_transposed")
    channel_view = CASES["sparse_transposed"](0)
    empty = next(cell for cell in np.ndindex(channel_view.output_size) if (channel_view.rows[cell[0]] == NONE).all())
    point_at(root, channel_view.output_size, empty)
    expect(root.locator(".line")).to_contain_text("reads nothing")
    for canvas in root.locator(".card canvas").all():
        assert colours_on(canvas) > 2
