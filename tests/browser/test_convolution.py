import math
import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from explorer.zoo.download import is_cached
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.watching import PATIENCE, address_of, follow, frames_to, wait_for

LAYER = "A layer of the network"


def open_convolution(page: Page, dashboard: str, address: Mapping[str, str]) -> Locator:
    """The page by a link; gives its microscope."""
    return follow(page, f"{dashboard}/convolution?{urlencode(address)}", ".microscope[data-drawn=true]")


def hover_cells(page: Page, microscope: Locator, moves: int) -> list[tuple[str, float, float, float]]:
    """Point at cells all over the output; gives cell, our value, PyTorch's, and how large the terms are."""
    canvas = microscope.locator(".output canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    found = []
    generator = random.Random(0)
    for _ in range(moves):
        page.mouse.move(box["x"] + generator.random() * box["width"], box["y"] + generator.random() * box["height"])
        data = microscope.evaluate("root => ({...root.dataset})")  # of one frame, this one's or the last
        found.append((data["cell"], float(data["value"]), float(data["framework"]), float(data["bound"])))
    return found


def check_values(found: list[tuple[str, float, float, float]]) -> None:
    """Within 1e-5 of PyTorch's, relative to the terms whose rounding adds up."""
    assert len({cell for cell, *_ in found}) > 1 or len(found) < 3
    for cell, ours, theirs, bound in found:
        assert math.isfinite(ours)
        assert abs(ours - theirs) <= 1e-5 * max(bound, abs(theirs)) + 1e-9, (cell, ours, theirs)


def test_two_hundred_hovers_and_not_a_word_to_the_server_and_a_pinned_cell_is_found_again(
    dashboard: str, page: Page
) -> None:
    sent = frames_to(page)
    microscope = open_convolution(page, dashboard, {"model": "tiny-vgg", "activation": "GELU"})
    before = len(sent)
    found = hover_cells(page, microscope, 200)
    check_values(found)
    assert len({cell for cell, *_ in found}) > 100
    page.wait_for_timeout(500)
    assert len(sent) == before
    canvas = microscope.locator(".output canvas").last
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.6})
    wait_until_idle(page, timeout=PATIENCE)
    pinned = microscope.get_attribute("data-pinned")
    assert pinned
    assert address_of(page)["microscope.cell"] == pinned
    page.reload()
    microscope.wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    expect(microscope).to_have_attribute("data-pinned", pinned)
    expect(microscope).to_have_attribute("data-cell", pinned)


LAYERS = [
    ("tiny-vgg", "features.conv2_1"),
    ("photo-net", "stages.stage3.block1.conv1"),
    ("photo-net", "stages.stage2.block1.shortcut.conv"),
    ("mobilenet_v2", "features.3.conv.1.0"),  # depthwise
    ("squeezenet1_1", "classifier.1"),  # 512 channels
]


@pytest.mark.parametrize(("network", "layer"), LAYERS)
def test_layers_of_networks(
    network: str, layer: str, dashboard: str, page: Page, server_has: Callable[..., None]
) -> None:
    server_has(network)
    microscope = open_convolution(page, dashboard, {"model": network, "look": LAYER, "layer": layer, "unit": "5"})
    check_values(hover_cells(page, microscope, 12))


@pytest.fixture
def server_has(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Skips where a network's weights are not on this machine: tests need no network connection."""

    if data := os.environ.get("EXPLORER_DATA"):  # where the server of these tests looks, see `make_environment`
        monkeypatch.setenv("TORCH_HOME", str(Path(data) / "torch-home"))

    def check(name: str) -> None:
        if not is_cached(name):
            pytest.skip(f"the weights of {name} are not on this machine (EXPLORER_DATA)")

    return check


def test_a_number_typed_into_the_kernel(dashboard: str, page: Page) -> None:
    microscope = open_convolution(
        page, dashboard, {"model": "tiny-vgg", "filters": "Identity", "microscope.cell": "9,9"}
    )
    before = float(microscope.get_attribute("data-value"))
    page.get_by_text("Edit a kernel cell by cell").click()
    grid = page.locator("[data-testid=stDataFrame] canvas").first
    grid.scroll_into_view_if_needed()
    grid.element_handle().wait_for_element_state("stable")  # the expander slides open
    editor = page.locator("#portal input, #portal textarea").first

    def opens() -> bool:
        """On a busy machine the table is drawn before it listens, or moves on while it is clicked."""
        box = grid.bounding_box()
        # The middle cell of three by three, under one row of headings; the canvas itself lies under a scroller.
        page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] * 2.5 / 4)
        try:
            editor.wait_for(timeout=3000)
        except PlaywrightTimeout:
            return False
        return True

    wait_for(page, opens)
    editor.fill("3")
    editor.press("Enter")
    text = page.get_by_role("textbox", name="Your own kernel as text")
    expect(text).to_have_value("0 0 0;0 3 0;0 0 0", timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    assert float(microscope.get_attribute("data-value")) == pytest.approx(3 * before, rel=1e-4)


@pytest.mark.parametrize("look", ["Kernels on your photo", LAYER])
def test_it_fits_a_phone_and_everything_has_a_name(look: str, dashboard: str, open_page: Callable[..., Page]) -> None:
    page = open_page(width=390, height=844)
    open_convolution(page, dashboard, {"model": "tiny-vgg", "look": look})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    assert page.evaluate(NAMELESS) == []
