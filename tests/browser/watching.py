"""What tests of a page look at: its components drawn, its address, what it says to the server."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Locator, Page

from tests.browser.serving import wait_until_idle

PATIENCE = 90  # seconds, on a machine that does other things too


def open_layers(page: Page, dashboard: str, address: Mapping[str, str] | None = None) -> None:
    """Go to the Layers page by a link, and wait for its pictures."""
    query = f"?{urlencode(address)}" if address else ""
    page.goto(f"{dashboard}/layers{query}")
    wait_until_drawn(page)


def follow(page: Page, url: str, drawn: str) -> Locator:
    """Go by a link, and wait for what a selector names and for the page to be at rest; gives what it names."""
    page.goto(url)
    found = page.locator(drawn)
    found.first.wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    return found


def wait_until_drawn(page: Page) -> None:
    """Wait for the server's last word, and for the browser's answer to it."""
    page.locator(".strip[data-drawn]").first.wait_for(timeout=PATIENCE * 1000)
    wait_until_idle(page, timeout=PATIENCE)
    page.locator(".grid[data-drawn]").first.wait_for(timeout=PATIENCE * 1000)


def address_of(page: Page) -> dict[str, str]:
    """The query parameters as they stand in the address bar."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def choose(page: Page, label: str, option: str) -> None:
    """Pick one option of a list, as a person types and confirms it."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).first.click()
    wait_until_drawn(page)


def frames_to(page: Page) -> list[bytes | str]:
    """A list that grows with every message to the server of the page that is opened next."""
    return listen(page, "framesent")


def frames_from(page: Page) -> list[bytes | str]:
    """The same of messages from the server."""
    return listen(page, "framereceived")


def listen(page: Page, event: str) -> list[bytes | str]:
    frames: list[bytes | str] = []
    # Not `frames.append` by itself: Playwright marks the functions it is given, and a built-in takes no mark.
    page.once("websocket", lambda socket: socket.on(event, lambda frame: frames.append(frame)))
    return frames


def wait_for(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for something that is seen from here, such as a message in `frames_to`."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)  # in which Playwright tells what has come


def colours_on(canvas: Locator) -> int:
    """How many different colours a canvas shows; one means that nothing was drawn."""
    return canvas.evaluate(
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
