"""Medians of wall-clock time, and how long the browser draws. What is timed is the business of the benchmarks."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from benchmarks.results import Row

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from streamlit.testing.v1 import AppTest

RERUN_BOUND: Final = 150  # ms
FRAME_BOUND: Final = 1000 / 60  # ms


def seconds_of(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(
    first: Callable[[], float], second: Callable[[], float], repetitions: int, warm_up: int
) -> tuple[float, float]:
    """The medians of two measurements taken in turns, A B A B ..., after some turns that do not count."""
    pairs = [(first(), second()) for _ in range(warm_up + repetitions)][warm_up:]
    return median(a for a, _ in pairs), median(b for _, b in pairs)


def drawing_times(page: "Page", root: "Locator", canvas: "Locator", moves: int) -> list[float]:
    """Milliseconds of each drawing of a component, kept in its `renderTimes`, while the pointer goes over a canvas."""
    box = canvas.bounding_box()
    assert box is not None
    root.evaluate("root => { root.renderTimes.length = 0; }")
    for move in range(moves):
        across, down = (move * 0.618034) % 1, (move * 0.414214) % 1  # all over, without a pattern
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        page.evaluate("() => new Promise(requestAnimationFrame)")
    times: list[float] = root.evaluate("root => root.renderTimes.filter((time) => time > 0)")
    return times


def rows_of_drawings(what: str, times: Sequence[float]) -> list[Row]:
    """Their median and 95th percentile, both in milliseconds, as the times are."""
    note = f"{len(times)} drawings, Chromium without a GPU"
    return [
        Row(f"{what}, median", median(times), "ms", FRAME_BOUND, note),
        Row(f"{what}, 95th percentile", quantiles(times, n=20)[-1], "ms", FRAME_BOUND, note),
    ]


def time_reruns(
    script: Path,
    what: str,
    address: Mapping[str, str],
    change: Callable[["AppTest", int], object],
    repetitions: int,
    note: str,
) -> Row:
    """The median rerun of a page in Streamlit's AppTest, after a change that is given the repetition, from 0."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(script), default_timeout=120)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    times = []
    for repetition in range(repetitions):
        change(app, repetition)
        times.append(seconds_of(app.run))
        if app.exception:
            raise RuntimeError(f"The page shows an error: {[*app.exception]}")
    told = f"AppTest, its own parsing included; median of {repetitions}, {note}"
    return Row(what, median(times) * 1000, "ms", RERUN_BOUND, told)
