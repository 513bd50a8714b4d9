"""A real browser for what is measured in it, and the dashboard that it looks at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.results import Row
from benchmarks.timing import FRAME_BOUND, drawing_times, rows_of_drawings
from tests.browser.find_browser import BrowserMissing, find_browser
from tests.browser.serving import ROOT, serve, wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def list_flags() -> list[str]:
    """How Chromium is started: without a GPU, with a made-up camera, and as root without a sandbox, which refuses."""
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return ["--disable-gpu", *camera, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@contextmanager
def launch() -> Iterator["Browser"]:
    """Chromium without a GPU.

    Raises:
        BrowserMissing: There is none.
    """
    program = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list_flags())
        try:
            yield browser
        finally:
            browser.close()


def drag_start(what: str, link: str, component: str, moves: int) -> list[Row]:
    """Every drawing while the start of a component is dragged over its ground, but for the first, which are compiled.

    Args:
        what: Is dragged.
        link: Of the page, after the dashboard's address.
        component: The selector of its root.
        moves: How often the pointer moves.
    """
    try:
        with open_dashboard() as (page, address):
            page.goto(f"{address}/{link}")
            root, canvas = page.locator(f"{component}[data-drawn]"), page.locator(f"{component} .ground canvas")
            root.wait_for(timeout=90_000)
            wait_until_idle(page, timeout=90)
            handle = page.locator(f"{component} .start").bounding_box()
            assert handle is not None
            page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
            page.mouse.down()
            drawing_times(page, root, canvas, 20)
            times = drawing_times(page, root, canvas, moves)
            page.mouse.up()
    except BrowserMissing as missing:
        return [Row(what, None, "ms", FRAME_BOUND, str(missing))]
    return rows_of_drawings(what, times)


@contextmanager
def open_dashboard() -> Iterator[tuple["Page", str]]:
    """An empty page of 1440 x 900, and where the dashboard is served.

    Raises:
        BrowserMissing: There is no Chromium.
    """
    with (
        launch() as browser,
        TemporaryDirectory() as home,
        serve(ROOT / "streamlit_app.py", home=Path(home)) as address,
    ):
        yield browser.new_page(viewport={"width": 1440, "height": 900}), address
