"""The maps of a batch on the Learning page: pointed at, led by keys; the browser's results are the library's."""

from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from explorer.images import open_image
from explorer.learning.scale.first_convolution import find_first_convolution
from explorer.learning.scale.normalisation import EPS, find_sets, normalise
from explorer.samples import SAMPLES, read_sample
from explorer.zoo import load_model
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_to

GROUPS = 4


def test_cells_are_pointed_at_and_their_sharers_light_up(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    query = {"model": "mini-resnet", "part": "Scale and batch norm", "scale_view": "Who shares a mean"}
    query |= {"norm_kind": "Group", "norm_learned": "The network's own"}
    norm = follow(page, f"{dashboard}/learning?{urlencode(query)}", ".norm[data-drawn]")
    assert page.evaluate(NAMELESS) == []
    model = load_model("mini-resnet")
    first = find_first_convolution(model.network)
    pictures = [open_image(read_sample(sample.name)) for sample in SAMPLES[:4]]
    values = first.compute_maps(model.preprocessing.with_size(first.side).tensors(pictures))
    sets = find_sets("group", *values.shape[:2], GROUPS)
    expected = normalise(values, sets, first.gamma, first.beta, EPS)

    def check(cell: tuple[int, int, int, int]) -> None:
        assert norm.get_attribute("data-cell") == ",".join(map(str, cell))
        assert int(norm.get_attribute("data-cells") or 0) == 2 * 144
        assert float(norm.get_attribute("data-value") or "nan") == pytest.approx(
            expected.result[cell], rel=1e-4, abs=1e-5
        )

    check((0, 0, 6, 6))
    over = norm.locator(".before .over")
    assert colours_on(norm.locator(".after .base")) > 50
    area = over.bounding_box()
    assert area is not None
    before = len(sent)
    for _ in range(2):  # one that is there already is not entered
        over.hover(position={"x": area["width"] - 8, "y": area["height"] - 8})
    picture, channel, row, column = (int(each) for each in (norm.get_attribute("data-cell") or "").split(","))
    assert (picture, channel) == (3, 7)
    check((picture, channel, row, column))
    over.focus()
    page.keyboard.press("Shift+ArrowUp")
    check((2, 7, row, column))
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowLeft")
    check((2, 6, row, column - 1))
    assert len(sent) == before  # until now nothing was asked of the server
    page.keyboard.press("Enter")
    page.wait_for_function(
        "cell => new URL(location).searchParams.get('norm_cell') === cell", arg=f"3,7,{row + 1},{column}"
    )
    wait_until_idle(page, timeout=PATIENCE)
    check((2, 6, row, column - 1))
    norm.locator(".after .over").click(position={"x": 90, "y": 30})
    page.wait_for_function("() => new URL(location).searchParams.get('norm_cell').startsWith('1,1,')")
    wait_until_idle(page, timeout=PATIENCE)
    chosen = tuple(int(each) - 1 for each in address_of(page)["norm_cell"].split(","))
    page.mouse.move(2, 2)
    check((chosen[0], chosen[1], chosen[2], chosen[3]))
    for _ in on_every_screen(page):
        sides = norm.evaluate("norm => [norm.scrollWidth, norm.clientWidth]")
        assert sides[0] <= sides[1]
