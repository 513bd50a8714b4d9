"""What the Neurons page works out in the browser, held against the library, and how it is moved."""

import re
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Locator, Page, expect

from explorer.neurons.losses import LOSSES, one_hot, softmax
from explorer.neurons.strokes import read_strokes
from explorer.ui.components.losses import LOSSES_JS
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.watching import PATIENCE, address_of, follow, frames_to


def open_board(page: Page, dashboard: str, **address: str) -> Locator:
    query = urlencode({"model": "tiny-vgg", "part": "Softmax and losses", **address})
    return follow(page, f"{dashboard}/neurons?{query}", ".board[data-drawn]")


def test_losses_in_the_browser_are_the_librarys(page: Page) -> None:
    rng = np.random.default_rng(0)
    cases = []
    for number in range(200):
        logits = rng.normal(scale=(0.1, 1, 10, 300)[number % 4], size=rng.integers(1, 12))
        truth, loss = int(rng.integers(len(logits))), list(LOSSES)[number // 4 % len(LOSSES)]
        cases.append((logits, truth, loss))
    worked_out = page.evaluate(
        f"""cases => {{
            {LOSSES_JS}
            return cases.map(([logits, truth, loss]) => {{
                const [shares, gradient] = [logits.map(() => 0), logits.map(() => 0)];
                const value = LOSSES[loss](logits, truth, shares, gradient);
                return {{ value, shares, gradient }};
            }});
        }}""",
        [[logits.tolist(), truth, loss] for logits, truth, loss in cases],
    )
    for (logits, truth, loss), found in zip(cases, worked_out, strict=True):
        targets = one_hot(truth, len(logits))
        near = {"rtol": 1e-9, "atol": 1e-15}
        np.testing.assert_allclose(found["value"], LOSSES[loss].value(logits, targets), **near)
        np.testing.assert_allclose(found["gradient"], LOSSES[loss].gradient(logits, targets), **near)
        np.testing.assert_allclose(found["shares"], softmax(logits), **near)


def test_logits_are_dragged_and_led_by_keys(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    board = open_board(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    first = page.get_by_role("slider", name="Logit of class 1", exact=True)
    area = first.bounding_box()
    before = len(sent)
    page.mouse.move(area["x"] + 0.7 * area["width"], area["y"] + area["height"] / 2)
    page.mouse.down()
    page.mouse.move(area["x"] + 0.9 * area["width"], area["y"] + area["height"] / 2, steps=5)
    page.mouse.move(area["x"] + 0.1 * area["width"], area["y"] + area["height"] / 2, steps=5)
    logits = np.array([float(z) for z in board.get_attribute("data-drawn").split(",")])
    assert -5 <= logits[0] < -3
    found = board.evaluate("board => ({ value: board.found.value, gradient: [...board.found.gradient] })")
    truth = one_hot(1, 3)
    np.testing.assert_allclose(found["value"], LOSSES["cross_entropy"].value(logits, truth), rtol=1e-9)
    np.testing.assert_allclose(found["gradient"], LOSSES["cross_entropy"].gradient(logits, truth), rtol=1e-9)
    page.mouse.up()
    page.wait_for_function("z => new URL(location).searchParams.get('logits') === z", arg=f"{logits[0]:g} 1 -1")
    assert len(sent) > before
    wait_until_idle(page, timeout=PATIENCE)
    expect(page.get_by_text(f"Cross-entropy {found['value']:.3g}, with the gradient")).to_be_visible()

    second = page.get_by_role("slider", name="Logit of class 2", exact=True)
    second.focus()
    for key in ("ArrowRight", "ArrowRight", "PageUp", "Shift+ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(second).to_have_attribute("aria-valuetext", "1.1")
    page.wait_for_function("z => new URL(location).searchParams.get('logits') === z", arg=f"{logits[0]:g} 1.1 -1")
    wait_until_idle(page, timeout=PATIENCE)
    page.reload()
    board.wait_for()
    wait_until_idle(page, timeout=PATIENCE)
    assert board.get_attribute("data-drawn") == f"{logits[0]:g},1.1,-1"
    assert address_of(page)["part"] == "Softmax and losses"


def test_a_digit_is_drawn_by_mouse_and_keyboard(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    query = urlencode({"model": "tiny-vgg", "part": "Digits", "digit_pooling": "two", "digit_shift": "0"})
    pad = follow(page, f"{dashboard}/neurons?{query}", '[aria-label="Draw a digit"]')
    expect(page.get_by_text("The same in Python")).to_be_visible()  # once both networks are trained
    wait_until_idle(page, timeout=PATIENCE)
    assert page.evaluate(NAMELESS) == []
    undo, line = page.get_by_role("button", name="Undo"), page.locator(".frame .line")
    expect(undo).to_be_disabled()
    pad.scroll_into_view_if_needed()
    area = pad.bounding_box()
    before = len(sent)
    for number, (x, y) in enumerate([(0.28, 0.15), (0.7, 0.15), (0.45, 0.88)]):
        page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=8)
        if number == 0:
            page.mouse.down()
    expect(pad.locator("polyline")).to_have_count(1)
    assert len(sent) == before  # nothing is asked of the server before the stroke is complete
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"Of your digit: the MLP says \d .* and the CNN says 7 "))).to_be_visible()
    wait_until_idle(page, timeout=PATIENCE)
    (stroke,) = read_strokes(address_of(page)["digit_drawn"])
    assert len(stroke) > 10
    np.testing.assert_allclose([stroke[0], stroke[-1]], [(28, 15), (45, 88)], atol=2)

    pad.focus()
    for key in ("ArrowLeft", "ArrowLeft", "Space", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(line).to_have_text("Pen 56 % from the left, 50 % from the top: down, Space lifts it.")
    page.keyboard.press("Space")
    page.wait_for_function("() => new URL(location).searchParams.get('digit_drawn').includes('_')")
    wait_until_idle(page, timeout=PATIENCE)
    assert read_strokes(address_of(page)["digit_drawn"])[1] == ((45, 50), (50, 50), (55, 50), (56, 50))
    page.reload()
    expect(pad.locator("polyline")).to_have_count(2)
    undo.click()
    page.wait_for_function("() => !new URL(location).searchParams.get('digit_drawn').includes('_')")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text(re.compile("Of held-out digit 33"))).to_be_visible()
