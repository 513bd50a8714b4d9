"""The Deck in a browser: its keys, and what the browser keeps across reloads, tabs and refusals."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from explorer.deck.topics import CARDS
from tests.browser.serving import wait_until_idle
from tests.browser.watching import PATIENCE, address_of, follow

NAME = "explorer.deck"
# Storage as in a window where cookies are blocked.
REFUSES = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("The operation is insecure.", "SecurityError"); }
});"""
# And as where there is no room left.
FULL = """() => {
    Storage.prototype.setItem = () => { throw new DOMException("No room.", "QuotaExceededError"); };
}"""


def stored(page: Page) -> list[list[object]]:
    """Card and rating of every answer that the browser keeps."""
    text = page.evaluate(f"localStorage.getItem('{NAME}')")
    return [row[:2] for row in json.loads(text)["answers"]] if text else []


def wait_until_stored(page: Page, answers: int) -> None:
    page.wait_for_function(
        f"count => JSON.parse(localStorage.getItem('{NAME}') ?? '{{\"answers\": []}}').answers.length === count",
        arg=answers,
        timeout=PATIENCE * 1000,
    )
    wait_until_idle(page, timeout=PATIENCE)


def press(page: Page, key: str, then: str) -> None:
    """A key, and the button that it brings."""
    page.keyboard.press(key)
    page.get_by_role("button", name=then).first.wait_for()
    wait_until_idle(page, timeout=PATIENCE)


def asked(page: Page) -> str:
    return page.locator(".st-key-asked [data-testid=stCaptionContainer]").first.inner_text()


def test_by_keyboard_alone_across_a_reload_and_in_two_tabs(dashboard: str, page: Page) -> None:
    follow(page, f"{dashboard}/deck", ".st-key-asked")
    first = asked(page)
    press(page, "ArrowRight", "Show answer")
    second = asked(page)
    assert second != first
    press(page, "ArrowLeft", "Show answer")
    assert asked(page) == first
    press(page, "Space", "perfectly")
    status = page.locator(".said")
    expect(status).to_have_text(f"The answer to card {first.split()[1]} stands below its question.")
    press(page, "4", "Show answer")
    wait_until_stored(page, 1)
    assert stored(page) == [[int(first.split()[1]), 4]]

    other = page.context.new_page()
    follow(other, f"{dashboard}/deck", ".st-key-asked")
    assert asked(other) == asked(page) != first  # it knows what the first tab has stored
    press(other, "Space", "perfectly")
    press(other, "5", "Show answer")
    wait_until_stored(other, 2)
    # The first tab has heard of it: its next answer joins the other's.
    press(page, "Space", "perfectly")
    press(page, "1", "Show answer")
    wait_until_stored(page, 3)
    other.close()

    page.reload()
    page.locator(".st-key-asked").wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    assert len(stored(page)) == 3
    page.evaluate(FULL)
    press(page, "Space", "perfectly")
    press(page, "3", "Show answer")
    expect(page.get_by_text("This browser stores nothing for this page")).to_be_visible()
    assert len(stored(page)) == 3
    page.get_by_role("radio", name="All cards").or_(page.get_by_text("All cards", exact=True)).first.click()
    expect(page.get_by_text("not yet asked.").first).to_contain_text(f"of {len(CARDS)} not yet")


def test_an_experiment_opens_as_the_card_says_and_leads_back(dashboard: str, page: Page) -> None:
    follow(page, f"{dashboard}/convolution?card=35&model=tiny-vgg&padding=4&dilation=2", ".microscope")
    page.get_by_role("link", name="Back to card 35").click()
    page.get_by_role("button", name="Show answer").wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    seed = address_of(page)["seed"]
    press(page, "Space", "perfectly")
    run = page.get_by_role("link", name="Run it on Convolution")
    run.click()
    page.get_by_role("heading", name="Convolution", exact=True).wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    # What was set there before is gone, the network that was chosen is not.
    assert page.get_by_role("spinbutton", name="Padding").input_value() == "1"
    assert page.get_by_role("spinbutton", name="Stride").input_value() == "2"
    address = address_of(page)
    assert (address["card"], address["model"]) == ("35", "tiny-vgg")
    assert "dilation" not in address
    page.get_by_role("link", name="Back to card 35").click()
    page.get_by_role("heading", name="Answer").wait_for()
    assert {**address_of(page), "model": ""} == {"card": "35", "seed": seed, "answer": "true", "model": ""}


@pytest.fixture
def refusing(open_page: Callable[..., Page]) -> Page:
    page = open_page(390, 844, apart=True)
    page.add_init_script(REFUSES)
    return page


def test_a_browser_that_stores_nothing_is_told_of_and_a_file_is_offered(dashboard: str, refusing: Page) -> None:
    follow(refusing, f"{dashboard}/deck", ".st-key-asked")
    expect(refusing.get_by_text("This browser stores nothing for this page")).to_be_visible()
    press(refusing, "Space", "perfectly")
    ratings = [
        refusing.get_by_role("button", name=word).bounding_box() for word in ("not at all", "hardly", "perfectly")
    ]
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in ratings)
    press(refusing, "2", "Show answer")
    with refusing.expect_download() as saved:
        refusing.get_by_role("button", name="Save my answers as a file").click()
    answers = json.loads(saved.value.path().read_text(encoding="utf-8"))["answers"]
    assert [row[1] for row in answers] == [2]
