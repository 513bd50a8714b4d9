"""How long a person waits for the home page after `make run`, against an empty Streamlit app."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.browsing import launch
from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row
from benchmarks.timing import compare
from tests.browser.find_browser import BrowserMissing
from tests.browser.serving import ROOT, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

APP = ROOT / "streamlit_app.py"
EMPTY = "import streamlit as st\n\nst.title('Empty')\n"
BOUND = 1.5


def measure(quick: bool) -> list[Row]:
    """Whether the home page imports torch, and the time to its first paint in a real browser."""
    imported = call_in_fresh_process(home_imports_torch)
    return [
        Row("torch imported before the home page is shown", float(imported), "(1: yes)", 0),
        *_time_first_paint(2 if quick else 7),
    ]


def home_imports_torch() -> bool:
    """Show the home page in this process, and look.

    Raises:
        RuntimeError: the page was not shown.
    """
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "explorer" / "ui" / "front_door.py"), default_timeout=60).run()
    imported = "torch" in sys.modules  # at once: a second later the page has it imported in the background
    if app.exception or not app.title:
        raise RuntimeError(f"The home page was not shown: {list(app.exception)}")
    return imported


def _time_first_paint(repetitions: int) -> list[Row]:
    ratio = "server start to first paint of home, over an empty Streamlit app"
    try:
        with TemporaryDirectory() as folder, launch() as browser:
            empty = Path(folder) / "empty.py"
            empty.write_text(EMPTY, encoding="utf-8")
            ours, theirs = compare(_opening(APP, browser), _opening(empty, browser), repetitions, warm_up=1)
    except BrowserMissing as missing:
        return [Row(ratio, None, "x", BOUND, str(missing))]
    note = f"medians of {repetitions} servers each, in turns"
    return [
        Row(ratio, ours / theirs, "x", BOUND, note),
        Row("server start to first paint of home", ours * 1000, "ms"),
        Row("server start to first paint of an empty Streamlit app", theirs * 1000, "ms"),
    ]


def _opening(script: Path, browser: "Browser") -> Callable[[], float]:
    """What starts a server and a browser window with an empty cache, and gives the seconds until the title is there."""

    def measure_once() -> float:
        with TemporaryDirectory() as home:
            start = time.perf_counter()
            with serve(script, home=Path(home)) as address:
                page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                page.goto(address, wait_until="commit")
                page.get_by_role("heading", level=1).first.wait_for(state="visible", timeout=60_000)
                seconds = time.perf_counter() - start
                page.context.close()
        return seconds

    return measure_once
