"""A real browser for what is measured in it, and the dashboard that it looks at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.browser.find_browser import find_browser
from tests.browser.serving import ROOT, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@contextmanager
def launch() -> Iterator["Browser"]:
    """Chromium without a GPU.

    Raises:
        BrowserMissing: There is none.
    """
    program = find_browser()
    from playwright.sync_api import sync_playwright

    # Chromium's sandbox refuses to run for root, who is the user in a container.
    flags = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            yield browser
        finally:
            browser.close()


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
