"""A real dashboard in a real browser. Tests that use one skip where there is none."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.find_browser import BrowserMissing, find_browser, required
from tests.browser.serving import WATCH, serve
from tests.browser.watching import PATIENCE

expect.set_options(timeout=PATIENCE * 1000)

# What a browser with a window shows in the tab; it asks for that without telling Playwright.
ICONS = "[...document.querySelectorAll('link[rel~=icon]')].map(link => link.href)"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A made-up camera, and nobody who would have to allow it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Nothing but this machine has an address: a page that needs the network fails here, not at a person's home.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program. Without one the test skips with the reason, or fails under `CI=true`."""
    try:
        return find_browser()
    except BrowserMissing as missing:
        if required():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def dashboard(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running dashboard, one for the whole session; `every_page` says what more it shows."""
    with serve(Path(__file__).with_name("every_page.py"), home=tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: Path) -> Iterator[Browser]:
    """One browser for the whole session; its pages share nothing."""
    # Chromium's sandbox refuses to run for root, which is who runs the tests in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(width=1440, height=900, colour_scheme="light")`: an empty page with cookies of its own.

    At the end of the test every page is closed, and a JavaScript error in one of them fails the test, as does
    whatever it asked of another machine.
    """
    errors: list[str] = []
    asked: set[str] = set()
    contexts: list[BrowserContext] = []

    def open_one(width: int = 1440, height: int = 900, colour_scheme: str = "light") -> Page:
        # Streamlit's marks of a page at work move all the time, which without a GPU costs a third of a page's opening.
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=colour_scheme, reduced_motion="reduce"
        )
        context.add_init_script(WATCH)
        context.on("request", lambda request: asked.add(request.url))
        contexts.append(context)
        page = context.new_page()
        page.on("websocket", lambda socket: asked.add(socket.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            asked.update(page.evaluate(ICONS))
        context.close()
    assert not errors, f"JavaScript errors on the page: {errors}"
    foreign = sorted(url for url in asked if urlsplit(url).hostname not in (None, "localhost", "127.0.0.1"))
    assert not foreign, f"Asked of other machines: {foreign}"


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """An empty page of 1440x900 in the light theme."""
    return open_page()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures for the eye go; git ignores the folder."""
    folder = Path(__file__).parent / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder
