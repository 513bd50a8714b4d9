"""A real dashboard in a real browser. Tests that use one skip where there is none."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, Request, WebSocket, expect, sync_playwright

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
    """One browser for the whole session."""
    # Chromium's sandbox refuses to run for root, which is who runs the tests in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        yield started
        started.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Page:
    """The first page of every test: to show the dashboard again costs a tab half of what it costs a new one."""
    kept = new_tab(browser)

    def refuse(*given: object, **more: object) -> None:
        raise AssertionError("No test could take this script out of the tab again: open_page(apart=True).")

    kept.add_init_script = refuse  # type: ignore[method-assign]
    return kept


def new_tab(browser: Browser) -> Page:
    """An empty page in a context of its own."""
    # Streamlit's marks of a page at work move all the time, which without a GPU costs a third of a page's opening.
    context = browser.new_context(reduced_motion="reduce")
    context.add_init_script(WATCH)
    return context.new_page()


def empty(tab: Page, urls: Iterable[str]) -> None:
    """Leave the page, with nothing in the tab for the next one: cookies, what is stored, history, pointer, routes."""
    tab.unroute_all()
    for other in tab.context.pages:
        if other != tab:
            other.close()
    if tab.url.startswith("http"):
        tab.evaluate("sessionStorage.clear()")
    tab.goto("about:blank")
    tab.mouse.up()
    tab.mouse.move(-1, -1)
    tab.context.clear_cookies()
    session = tab.context.new_cdp_session(tab)
    session.send("Page.resetNavigationHistory")
    for origin in {urlsplit(url)._replace(path="", query="", fragment="").geturl() for url in urls}:
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


@pytest.fixture
def open_page(browser: Browser, tab: Page) -> Iterator[Callable[..., Page]]:
    """`open_page(width=1440, height=900, colour_scheme="light", apart=False)`: an empty page with cookies of its own.

    The first is `tab`, emptied at the end of the test; every other is a person's of its own and is closed, and so is
    one that is asked for `apart`, for what cannot be emptied. A JavaScript error in one of them fails the test, as does
    whatever it asked of another machine.
    """
    errors: list[str] = []
    asked: set[str] = set()
    pages: list[Page] = []

    def note_request(request: Request) -> None:
        asked.add(request.url)

    def note_socket(socket: WebSocket) -> None:
        asked.add(socket.url)

    def note_error(error: Error) -> None:
        errors.append(str(error))

    def open_one(width: int = 1440, height: int = 900, colour_scheme: str = "light", apart: bool = False) -> Page:
        page = new_tab(browser) if pages or apart else tab
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=colour_scheme, reduced_motion="reduce")
        page.set_default_timeout(PATIENCE * 1000)
        page.context.on("request", note_request)
        page.on("websocket", note_socket)
        page.on("pageerror", note_error)
        return page

    yield open_one
    for page in pages:
        for shown in page.context.pages:
            asked.update(shown.evaluate(ICONS))
        page.context.remove_listener("request", note_request)
        page.remove_listener("websocket", note_socket)
        page.remove_listener("pageerror", note_error)
        if page is tab:
            empty(page, [url for url in asked if url.startswith("http")])
        else:
            page.context.close()
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
