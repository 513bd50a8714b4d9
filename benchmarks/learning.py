"""The Learning page: the terrain's start dragged in the browser, and reruns of its parts."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.browsing import drag_start
from benchmarks.results import Row
from benchmarks.timing import time_reruns
from explorer.learning.optimisers import OPTIMISERS
from tests.browser.serving import ROOT

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PAGE = ROOT / "pages" / "learning.py"
TERRAIN = {"model": "tiny-vgg", "part": "Terrain"}


def measure(quick: bool) -> list[Row]:
    """Seven paths of 1,000 steps in a real browser, and reruns in Streamlit's AppTest."""
    repetitions = 3 if quick else 20
    query = urlencode({**TERRAIN, "terrain_optimisers": list(OPTIMISERS)}, doseq=True)
    what = "drag the start of seven paths on the terrain"
    return [
        *drag_start(what, f"learning?{query}", ".terrain", moves=40 if quick else 300),
        _rerun_of_terrain(repetitions),
        _rerun_of_races(repetitions),
        _rerun_of_depth(repetitions),
        _rerun_of_columns(repetitions),
        _rerun_of_norms(repetitions),
        _rerun_of_dropout(repetitions),
        _rerun_of_rate(repetitions),
    ]


def _rerun_of_terrain(repetitions: int) -> Row:
    """Another step of the same paths, as after every pause."""

    def go_on(app: "AppTest", repetition: int) -> None:
        app.query_params["terrain_step"] = str(repetition + 2)

    return time_reruns(PAGE, "Learning page, rerun of Terrain", TERRAIN, go_on, repetitions, "another step each time")


def _rerun_of_columns(repetitions: int) -> Row:
    """Another spread of the first column; nothing is kept that takes time."""
    address = {"model": "tiny-vgg", "part": "Scale and batch norm", "scale_view": "Two columns"}

    def go_on(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="columns_first").set_value((1.0, 3.0, 10.0, 30.0)[repetition % 4])

    return time_reruns(
        PAGE, "Learning page, rerun of Two columns", address, go_on, repetitions, "another spread each time"
    )


def _rerun_of_races(repetitions: int) -> Row:
    """The two losses of another path; races, plane and other starts are kept."""
    address = {"model": "tiny-vgg", "part": "A real network", "race_steps": "50", "race_starts": "3"}

    def change(app: "AppTest", repetition: int) -> None:
        app.selectbox(key="race_path").select_index((repetition + 1) % 4)

    return time_reruns(
        PAGE, "Learning page, rerun of A real network", address, change, repetitions, "another path each time"
    )


def _rerun_of_norms(repetitions: int) -> Row:
    """Another cell of the maps of four pictures, as after every click."""
    address = {"model": "mini-resnet", "part": "Scale and batch norm", "scale_view": "Who shares a mean"}

    def go_on(app: "AppTest", repetition: int) -> None:
        app.query_params["norm_cell"] = f"1,1,1,{repetition % 12 + 1}"

    return time_reruns(PAGE, "Learning page, rerun of the norms", address, go_on, repetitions, "another cell each time")


def _rerun_of_depth(repetitions: int) -> Row:
    """From fifty layers to fifty-one and back; both are kept."""
    address = {"model": "tiny-vgg", "part": "Depth", "depth_layers": "51"}

    def change(app: "AppTest", repetition: int) -> None:
        app.slider(key="depth_layers").set_value(50 + repetition % 2)

    return time_reruns(
        PAGE, "Learning page, rerun of Depth", address, change, repetitions, "50 and 51 layers in turn, both kept"
    )


def _rerun_of_dropout(repetitions: int) -> Row:
    """A digit that was drawn through 200 masks, another one of them written out; the network is trained before."""
    address = {"model": "tiny-vgg", "part": "Dropout", "digit_drawn": "281570154588", "digit_true": "7"}

    def write_out(app: "AppTest", repetition: int) -> None:
        app.slider(key="dropout_example").set_value(2 + repetition % 15)

    note = "another example written out each time"
    return time_reruns(PAGE, "Learning page, rerun of Dropout", address, write_out, repetitions, note)


def _rerun_of_rate(repetitions: int) -> Row:
    """Another peak: 2,000 runs of 500 steps, at first computed and then kept."""
    address = {"model": "tiny-vgg", "part": "Rate over time", "rate_schedule": "Cosine"}

    def go_on(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="rate_peak").set_value((0.1, 0.2, 0.5, 1.0)[repetition % 4])

    return time_reruns(
        PAGE, "Learning page, rerun of Rate over time", address, go_on, repetitions, "another peak each time"
    )
