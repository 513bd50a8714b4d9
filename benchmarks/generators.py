"""The Generators page: reruns of its parts."""

from typing import TYPE_CHECKING

from benchmarks.results import Row
from benchmarks.timing import time_reruns
from tests.browser.serving import ROOT

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PAGE = ROOT / "pages" / "generators.py"


def measure(quick: bool) -> list[Row]:
    """Reruns in Streamlit's AppTest."""
    repetitions = 3 if quick else 20
    return [_rerun_of_autoencoder(repetitions), _rerun_of_growing(repetitions)]


def _rerun_of_autoencoder(repetitions: int) -> Row:
    """Another length of the code each time, with its patch, its file and its JPEG; the photo is cut up before."""
    note = f"AppTest, its own parsing included; median of {repetitions}, another length of the code each time"

    def change(app: "AppTest", repetition: int) -> None:
        app.slider(key="code_size").set_value(17 + repetition)

    address = {"model": "tiny-vgg", "part": "Autoencoder"}
    return time_reruns(PAGE, "Generators page, rerun of Autoencoder", address, change, repetitions, note)


def _rerun_of_growing(repetitions: int) -> Row:
    """Other steps of decoders that are trained before."""
    note = f"AppTest, its own parsing included; median of {repetitions}, after 30 and 100 steps in turn, trained before"

    def change(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="growing_step").set_value((100, 30)[repetition % 2])

    address = {"model": "tiny-vgg", "part": "Growing", "growing_view": "The same training"}
    return time_reruns(PAGE, "Generators page, rerun of Growing", address, change, repetitions, note)
