"""The letters on the Sequences page: pointed at without the server, chosen, led by pointer and by keys."""

from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from explorer.sequences.attention.dates import read_text
from explorer.sequences.attention.loading import load_date_network
from explorer.sequences.attention.steps import write
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, follow, frames_to

TEXT = "Sunday, 3 May 1998"
WEIGHTS = """root => [...root.querySelectorAll(".cell")].map(cell => Number(cell.style.getPropertyValue("--weight")))"""
HEADS = """root => [...root.querySelectorAll(".typed")].map(head => Number(head.style.getPropertyValue("--weight")))"""


def test_letters_are_pointed_at_and_led(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    query = urlencode({"model": "tiny-vgg", "part": "Attention", "dates_text": TEXT})
    letters = follow(page, f"{dashboard}/sequences?{query}", ".letters[data-drawn]")
    assert page.evaluate(NAMELESS) == []
    network, reading = load_date_network(True), read_text(TEXT)
    own = write(network, reading)
    np.testing.assert_allclose(letters.evaluate(WEIGHTS), own.weights.ravel(), rtol=1e-12)
    line, written = letters.locator(".line"), letters.locator(".written")
    before = len(sent)
    for row in (8, 2):
        written.nth(row).hover()
        np.testing.assert_allclose(letters.evaluate(HEADS), own.weights[row], rtol=1e-12)
        expect(line).to_contain_text(f"Character {row + 1}, “{own.text[row]}”")
        strongest = reading.text[int(own.weights[row].argmax())]
        expect(line).to_contain_text(f"It looked at “{strongest.replace(' ', '␣')}” ")
    table = letters.locator(".table")
    table.focus()
    page.keyboard.press("ArrowDown")
    expect(line).to_contain_text("Character 4")
    assert len(sent) == before  # until now nothing was asked of the server
    page.keyboard.press("Enter")
    page.wait_for_function("() => new URL(location).searchParams.get('dates_character') === '4'")
    wait_until_idle(page, timeout=PATIENCE)

    # The day's second digit is led to the last character that was typed, by dragging along its row.
    goal, place = len(TEXT) - 1, 9
    cells = [
        letters.locator(f".cell[data-row='{place}'][data-column='{column}']").bounding_box() for column in (3, goal)
    ]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in cells if box]
    page.mouse.move(*middles[0])
    page.mouse.down()
    page.mouse.move(*middles[1], steps=4)
    expect(line).to_contain_text(f"Character {place + 1} shall look at “8”, character {goal + 1} of what was typed.")
    page.mouse.up()
    page.mouse.move(2, 2)
    page.wait_for_function(
        "led => new URL(location).searchParams.get('dates_led') === led", arg=f"{place + 1}-{goal + 1}"
    )
    wait_until_idle(page, timeout=PATIENCE)
    led = write(network, reading, {place: np.eye(len(TEXT))[goal]})
    expect(letters.locator(".date .tiles")).to_have_text(
        [led.text, own.text, write(load_date_network(False), reading).text]
    )
    np.testing.assert_allclose(letters.evaluate(WEIGHTS), led.weights.ravel(), rtol=1e-12)
    assert letters.locator(".led").count() == 1

    # By keys it is let go, and led one to the right of where it looks by itself.
    table.focus()
    page.keyboard.press("Backspace")
    page.wait_for_function("() => !new URL(location).searchParams.has('dates_led')")
    wait_until_idle(page, timeout=PATIENCE)
    np.testing.assert_allclose(letters.evaluate(WEIGHTS), own.weights.ravel(), rtol=1e-12)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    right = int(own.weights[place].argmax()) + 1
    page.wait_for_function(
        "led => new URL(location).searchParams.get('dates_led') === led", arg=f"{place + 1}-{right + 1}"
    )
    # A click on a typed character leads the chosen one there.
    letters.locator(".typed").nth(0).click()
    page.wait_for_function("led => new URL(location).searchParams.get('dates_led') === led", arg=f"{place + 1}-1")
    wait_until_idle(page, timeout=PATIENCE)
    assert address_of(page)["dates_character"] == str(place + 1)
    for _ in on_every_screen(page):
        sides = letters.evaluate("root => [root.scrollWidth, root.clientWidth]")
        assert sides[0] <= sides[1]
    assert letters.locator(".cell").first.bounding_box()["width"] == pytest.approx(
        letters.locator(".typed").first.bounding_box()["width"]
    )
