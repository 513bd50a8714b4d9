"""The Generators page: z dragged and a game played in the browser, and reruns of its parts."""

import time
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.browsing import drag_start, open_dashboard
from benchmarks.results import Row
from benchmarks.timing import time_reruns
from tests.browser.find_browser import BrowserMissing
from tests.browser.serving import ROOT, wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from streamlit.testing.v1 import AppTest

PAGE = ROOT / "pages" / "generators.py"
PLANE = {"model": "tiny-vgg", "part": "GAN in the plane"}
LATENT = {"model": "tiny-vgg", "part": "Latent walk"}
ROUND_BOUND = 1000 / 300  # ms
SCREEN_BOUND = 3000  # ms


def measure(quick: bool) -> list[Row]:
    """z dragged and a game played in a real browser, and reruns in Streamlit's AppTest."""
    repetitions = 3 if quick else 20
    return [
        _rerun_of_autoencoder(repetitions),
        _rerun_of_growing(repetitions),
        *_play(seconds=1 if quick else 2, openings=1 if quick else 5),
        _rerun_of_plane(repetitions),
        *drag_start(
            "drag z of the digits' GAN",
            f"generators?{urlencode({**LATENT, 'walk_look': 'Drag z'})}",
            ".latent",
            moves=40 if quick else 300,
        ),
        _rerun_of_latent(repetitions),
    ]


def _rerun_of_autoencoder(repetitions: int) -> Row:
    """Another length of the code each time, with its patch, its file and its JPEG; the photo is cut up before."""

    def change(app: "AppTest", repetition: int) -> None:
        app.slider(key="code_size").set_value(17 + repetition)

    address = {"model": "tiny-vgg", "part": "Autoencoder"}
    note = "another length of the code each time"
    return time_reruns(PAGE, "Generators page, rerun of Autoencoder", address, change, repetitions, note)


def _rerun_of_growing(repetitions: int) -> Row:
    """Other steps of decoders that are trained before."""

    def change(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="growing_step").set_value((100, 30)[repetition % 2])

    address = {"model": "tiny-vgg", "part": "Growing", "growing_view": "The same training"}
    note = "after 30 and 100 steps in turn, trained before"
    return time_reruns(PAGE, "Generators page, rerun of Growing", address, change, repetitions, note)


def _play(seconds: float, openings: int) -> list[Row]:
    """A game as fast as it can, with all its pictures; before it the page opened by its link, its game played anew."""
    names = ("a GAN in the plane, first screen", "a GAN in the plane, one round while it plays")
    try:
        with open_dashboard() as (page, address):
            opened = [_open(page, address, seed) for seed in range(openings + 1)][1:]  # the first loads the libraries
            a_round = _time_round(page, seconds)
    except BrowserMissing as missing:
        return [
            Row(name, None, "ms", bound, str(missing))
            for name, bound in zip(names, (SCREEN_BOUND, ROUND_BOUND), strict=True)
        ]
    note = "Chromium without a GPU"
    return [
        Row(names[0], median(opened), "ms", SCREEN_BOUND, f"{note}; 1,000 rounds of another seed each time"),
        Row(names[1], a_round, "ms", ROUND_BOUND, f"{note}; 300 rounds a second are asked for, pictures included"),
    ]


def _open(page: "Page", address: str, seed: int) -> float:
    """Milliseconds from the link to the drawn maps."""
    start = time.perf_counter()
    page.goto(f"{address}/generators?{urlencode({**PLANE, 'plane_seed': seed})}")
    page.locator(".plane[data-drawn]").wait_for(timeout=90_000)
    passed = 1000 * (time.perf_counter() - start)
    wait_until_idle(page, timeout=90)
    return passed


def _time_round(page: "Page", seconds: float) -> float:
    """Milliseconds of one round, from play to stop."""
    page.locator(".plane .speed").select_option("Infinity")
    page.get_by_role("button", name="Start over").click()
    wait_until_idle(page, timeout=90)
    page.locator(".plane").get_by_role("button", name="Play", exact=True).click()
    page.wait_for_timeout(1000 * seconds)
    speed = float(page.locator(".plane").get_attribute("data-speed") or "nan")
    page.locator(".plane").get_by_role("button", name="Stop", exact=True).click()
    return 1000 / speed


def _rerun_of_plane(repetitions: int) -> Row:
    """Another fake worked out, as after every click; the game is kept."""

    def go_on(app: "AppTest", repetition: int) -> None:
        app.query_params["plane_fake"] = str(repetition + 2)

    return time_reruns(
        PAGE, "Generators page, rerun of GAN in the plane", PLANE, go_on, repetitions, "another fake each time"
    )


def _rerun_of_latent(repetitions: int) -> Row:
    """500 samples of two lengths of z, kept; their bars, table and oracle are drawn anew."""

    def change(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="walk_scale").set_value((0.5, 1.0)[repetition % 2])

    note = "z times 0.5 and 1 in turn, both kept"
    return time_reruns(PAGE, "Generators page, rerun of Latent walk", LATENT, change, repetitions, note)
