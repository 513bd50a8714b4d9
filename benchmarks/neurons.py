"""The Neurons page: training and pointing in the browser, and reruns of its parts."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from streamlit.testing.v1 import AppTest

from benchmarks.browsing import open_dashboard
from benchmarks.results import Row
from benchmarks.timing import FRAME_BOUND, drawing_times, rows_of_drawings, time_reruns
from tests.browser.find_browser import BrowserMissing
from tests.browser.serving import ROOT, wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PAGE = ROOT / "pages" / "neurons.py"
ADDRESS = {"model": "tiny-vgg", "part": "Backward", "hidden": "8-8", "points": "circle in a ring"}
STEP_BOUND = 1.0  # ms, so at least 1,000 a second


def measure(quick: bool) -> list[Row]:
    """A 2-8-8-2 network on 200 points, in a real browser and in Streamlit's AppTest; the other parts in the latter."""
    repetitions = 3 if quick else 20
    return [
        *_in_browser(seconds=1 if quick else 5, moves=40 if quick else 300),
        _rerun(repetitions),
        _rerun_of_one_neuron(repetitions),
        _rerun_of_losses(repetitions),
        _rerun_of_digits(repetitions),
    ]


def _in_browser(seconds: int, moves: int) -> list[Row]:
    step = "one training step of a 2-8-8-2 network on 200 points in the browser"
    frame = "draw what is under the pointer, 2-8-8-8-8-2 network with all its paths"
    try:
        with open_dashboard() as (page, address):
            speed = _play(page, _open(page, address), seconds)
            root = _open(page, address, hidden="8-8-8-8")
            times = drawing_times(page, root, root.locator(".network canvas"), moves)
    except BrowserMissing as missing:
        return [Row(step, None, "ms", STEP_BOUND, str(missing)), Row(frame, None, "ms", FRAME_BOUND, str(missing))]
    return [
        Row(
            step,
            1000 / speed,
            "ms",
            STEP_BOUND,
            f"{speed:,.0f} steps a second, the network and its map drawn meanwhile",
        ),
        *rows_of_drawings(frame, times),
    ]


def _open(page: "Page", address: str, **changes: str) -> "Locator":
    page.goto(f"{address}/neurons?{urlencode({**ADDRESS, **changes})}")
    root = page.locator(".trainer[data-drawn]")
    root.wait_for(timeout=90_000)
    wait_until_idle(page, timeout=90)
    return root


def _play(page: "Page", root: "Locator", seconds: int) -> float:
    """Steps a second, over the seconds after the first, in which the browser compiles."""
    root.locator(".speed").select_option("Infinity")
    play = page.get_by_role("button", name="Play", exact=True)
    play.click()
    page.wait_for_timeout(1000)
    before = root.evaluate("root => [performance.now(), Number(root.dataset.step)]")
    page.wait_for_timeout(1000 * seconds)
    after = root.evaluate("root => [performance.now(), Number(root.dataset.step)]")
    return 1000 * float(after[1] - before[1]) / float(after[0] - before[0])


def _rerun(repetitions: int) -> Row:
    """From one step to a later one, as after every pause."""

    def go_on(app: AppTest, repetition: int) -> None:
        app.query_params["step"] = str(10 * (repetition + 1))

    return time_reruns(
        PAGE, "Neurons page, rerun after a pause", ADDRESS, go_on, repetitions, "ten steps further each time"
    )


def _rerun_of_one_neuron(repetitions: int) -> Row:
    """A bias moved, on a patch of the photo."""
    address = {"model": "tiny-vgg", "part": "One neuron", "neuron_source": "A patch of the photo"}

    def move(app: AppTest, repetition: int) -> None:
        app.slider(key="neuron_bias").set_value((repetition + 1) / 10)

    return time_reruns(
        PAGE, "Neurons page, rerun of One neuron on a patch", address, move, repetitions, "another bias each time"
    )


def _rerun_of_losses(repetitions: int) -> Row:
    """Another loss of the photo's logits."""
    address = {"model": "tiny-vgg", "part": "Softmax and losses", "logits_of": "Those of the photo"}

    def choose(app: AppTest, repetition: int) -> None:
        app.selectbox(key="loss").select_index((repetition + 1) % 4)

    return time_reruns(
        PAGE, "Neurons page, rerun of the photo's logits", address, choose, repetitions, "another loss each time"
    )


def _rerun_of_digits(repetitions: int) -> Row:
    """A drawn digit moved; both networks are trained before."""
    address = {"model": "tiny-vgg", "part": "Digits", "digit_drawn": "281570154588", "digit_true": "7"}

    def move(app: AppTest, repetition: int) -> None:
        app.slider(key="digit_shift").set_value(repetition % 6)

    return time_reruns(
        PAGE, "Neurons page, rerun of a moved digit", address, move, repetitions, "another shift each time"
    )
