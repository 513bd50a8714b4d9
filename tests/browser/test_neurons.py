"""What the Neurons page works out in the browser, held against the library, and how it is moved."""

from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Locator, Page, expect

from explorer.neurons.losses import LOSSES, one_hot, softmax
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
