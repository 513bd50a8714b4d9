"""The microscope: how long its data takes to build, and how long the browser draws for one cell under the pointer."""

from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import torch
from torch import nn

from benchmarks.browsing import open_dashboard
from benchmarks.results import Row
from benchmarks.timing import FRAME_BOUND, drawing_times, rows_of_drawings, seconds_of
from explorer.anatomy.microscope import break_down
from explorer.operations import LayerBreakdown, break_down_module
from explorer.zoo import random_model
from tests.browser.find_browser import BrowserMissing
from tests.browser.serving import wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_BYTES = 1_500_000  # explorer.ui.components.MOST_BYTES, whose package would bring Streamlit along
BUILD_BOUND = 100  # ms
LAYER = "stages.stage1.block1.conv1"  # of photo-net: 64 channels, 64x64 at 256 px


def measure(quick: bool) -> list[Row]:
    """The layer by itself, the layer in its network, and frames in a real browser."""
    repetitions = 3 if quick else 60
    conv, x = nn.Conv2d(64, 64, 3, padding=1), torch.randn(64, 56, 56)
    model = random_model("resnet18", device="cpu")
    image = torch.randn(1, 3, 224, 224)
    name = "build the microscope's data for a layer of 64 channels of 56x56"
    return [
        Row(name, _milliseconds(lambda: break_down_module(conv, x), repetitions), "ms", BUILD_BOUND),
        Row(
            f"{name}, in ResNet-18 with its forward pass",
            _milliseconds(lambda: break_down(model, image, "layer1.0.conv1"), repetitions),
            "ms",
            BUILD_BOUND,
        ),
        *_frames(moves=40 if quick else 300),
    ]


def _milliseconds(take_apart: Callable[[], LayerBreakdown], repetitions: int) -> float:
    """The median, with one channel packed for the browser."""

    def build() -> None:
        channel_view = take_apart().channel_view(7, MOST_BYTES)
        assert channel_view.input is not None
        channel_view.input.tobytes()

    build()
    return 1000 * median(seconds_of(build) for _ in range(repetitions))


def _frames(moves: int) -> list[Row]:
    name = "draw one cell under the pointer, 64 channels, 64x64 outputs"
    query = urlencode({"model": "photo-net", "size": "256 px", "look": "A layer of the network", "layer": LAYER})
    try:
        with open_dashboard() as (page, address):
            page.goto(f"{address}/convolution?{query}")
            times = _hover(page, moves)
    except BrowserMissing as missing:
        return [Row(f"{name}, median", None, "ms", FRAME_BOUND, str(missing))]
    return rows_of_drawings(name, times)


def _hover(page: "Page", moves: int) -> list[float]:
    """Milliseconds of each drawing while the pointer goes over the output."""
    page.locator(".microscope[data-drawn=true]").wait_for(timeout=90_000)
    wait_until_idle(page, timeout=90)
    canvas = page.locator(".microscope .output canvas").last
    canvas.scroll_into_view_if_needed()
    return drawing_times(page, page.locator(".microscope"), canvas, moves)
