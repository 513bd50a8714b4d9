"""The perceptron in the browser: its arithmetic against the library's, training by hand, links, keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer.ui.components
from explorer.neurons.activations import ACTIVATIONS
from explorer.neurons.losses import LOSSES, one_hot
from explorer.neurons.paths import find_paths
from explorer.neurons.perceptron import Perceptron, backward, count_numbers, forward, mean_loss
from explorer.neurons.points import point_set
from explorer.neurons.training import Edit, Recipe, train
from explorer.ui.components.losses import LOSSES_JS
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_to, wait_for

CASES = 200
RECIPE = Recipe((3,), "tanh", "cross_entropy", 0.3, 0)

# Of every case what the library is asked for too: the loss, its gradient, three steps, the paths of one number.
WORK_OUT = """cases => cases.map((made) => {
    const net = new Perceptron(made);
    net.numbers.set(made.numbers);
    const loss = net.differentiate();
    const gradient = [...net.gradient];
    const difference = net.differenceAt(made.place, null, 1e-5);
    const promise = net.promise(made.clears);
    const losses = [0, 1, 2].map(() => net.step(made.rate, made.clears));
    const after = [...net.numbers];
    net.numbers.set(made.numbers);
    net.differentiateAt(0, net.gradient);
    const paths = findPaths(net, made.item).map(({ units, product }) => [units, product]);
    return { loss, gradient, difference, promise, losses, after, paths };
})"""


def make_cases() -> list[dict[str, object]]:
    """Every activation with every loss, ten times, on shapes, numbers and points by chance."""
    chance = np.random.default_rng(5)
    made = []
    for number in range(CASES):
        activation = list(ACTIVATIONS)[number % len(ACTIVATIONS)]
        loss = list(LOSSES)[number // len(ACTIVATIONS) % len(LOSSES)]
        hidden = chance.integers(1, 9, chance.integers(0, 5)).tolist()
        sizes = [2, *hidden, int(chance.integers(2, 7))]
        count = int(chance.integers(1, 30))
        layer = int(chance.integers(max(0, len(sizes) - 4), len(sizes) - 1))
        source = None if number % 3 == 0 else int(chance.integers(sizes[layer]))
        made.append(
            {
                "sizes": sizes,
                "activation": activation,
                "loss": loss,
                "numbers": chance.normal(0, 1, count_numbers(sizes)).tolist(),
                "points": chance.normal(0, 1.5, 2 * count).tolist(),
                "classes": chance.integers(0, sizes[-1], count).tolist(),
                "rate": 0.1,
                "clears": number % 4 != 0,
                "place": int(chance.integers(count_numbers(sizes))),
                "item": {"layer": layer, "unit": int(chance.integers(sizes[layer + 1])), "source": source},
            }
        )
    return made


def test_the_browsers_arithmetic_is_the_librarys(page: Page) -> None:
    folder = Path(explorer.ui.components.__file__).parent
    scripts = (folder / name for name in ("shared/dense.js", "perceptron_trainer/arithmetic.js"))
    page.add_script_tag(content=LOSSES_JS + "".join(script.read_text(encoding="utf-8") for script in scripts))
    cases = make_cases()
    for case, found in zip(cases, page.evaluate(WORK_OUT, cases), strict=True):
        sizes, loss, clears = tuple(case["sizes"]), case["loss"], case["clears"]
        net = Perceptron(sizes, np.array(case["numbers"]), case["activation"])
        x, y = np.array(case["points"]).reshape(-1, 2), one_hot(case["classes"], sizes[-1])
        gradient = backward(net, forward(net, x), y, loss).gradient
        scale = np.abs(gradient).max()
        assert found["loss"] == pytest.approx(mean_loss(net, x, y, loss), rel=1e-9)
        np.testing.assert_allclose(found["gradient"], gradient, rtol=1e-9, atol=1e-14 * (1 + scale))
        ahead, behind = (
            mean_loss(
                Perceptron(sizes, net.numbers + step * np.eye(len(gradient))[case["place"]], net.activation), x, y, loss
            )
            for step in (1e-5, -1e-5)
        )
        assert found["difference"] == pytest.approx(
            (ahead - behind) / 2e-5, rel=1e-5, abs=1e-9 * (1 + abs(found["loss"]))
        )
        assert found["promise"] == pytest.approx(-float(gradient @ gradient), rel=1e-9)
        held = np.zeros_like(gradient)
        for after in found["losses"]:
            gradient = backward(net, forward(net, x), y, loss).gradient
            held = gradient if clears else held + gradient
            net = Perceptron(sizes, net.numbers - 0.1 * held, net.activation)
            assert after == pytest.approx(mean_loss(net, x, y, loss), rel=1e-9)
        np.testing.assert_allclose(found["after"], net.numbers, rtol=1e-9, atol=1e-13)
        first = Perceptron(sizes, np.array(case["numbers"]), case["activation"])
        paths = list(find_paths(first, x[0], y[0], loss, **case["item"]))
        assert [tuple(units) for units, _ in found["paths"]] == [path.units for path in paths]
        products = np.array([path.product for path in paths])
        np.testing.assert_allclose(
            [product for _, product in found["paths"]], products, rtol=1e-9, atol=1e-14 * (1 + np.abs(products).max())
        )


def open_trainer(page: Page, dashboard: str, **address: str) -> Locator:
    query = urlencode({"model": "tiny-vgg", "part": "Backward", **address})
    return follow(page, f"{dashboard}/neurons?{query}", ".trainer[data-drawn]")


def said_by(root: Locator, name: str) -> float:
    return float(root.get_attribute(f"data-{name}"))


def wait_for_address(page: Page, **wanted: str | None) -> None:
    wait_for(page, lambda: all(address_of(page).get(name) == value for name, value in wanted.items()))
    wait_until_idle(page, timeout=PATIENCE)


def test_a_link_reproduces_step_137(dashboard: str, page: Page) -> None:
    root = open_trainer(page, dashboard, step="135")
    for _ in range(2):
        page.get_by_role("button", name="Step", exact=True).click()
    wait_for_address(page, step="137")
    assert said_by(root, "step") == 137
    assert said_by(root, "drift") < 1e-12  # the browser's own two steps and the library's
    state = train(point_set("xor"), RECIPE, 137)
    assert said_by(root, "loss") == pytest.approx(state.losses[-1], rel=1e-9)
    here = said_by(root, "loss")
    root = open_trainer(page, dashboard, step="137")
    assert said_by(root, "loss") == here
    assert said_by(root, "gradient") == pytest.approx(said_by(root, "pytorch"), rel=1e-9)
    assert said_by(root, "sum") == pytest.approx(said_by(root, "pytorch"), rel=1e-9)
    expect(page.get_by_text("All 17 gradients of step 137")).to_be_visible()


def test_playing_stops_where_the_address_says(dashboard: str, page: Page) -> None:
    root = open_trainer(page, dashboard, hidden="8-8", points="circle in a ring", held="unit,0,1,")
    expect(root).to_have_attribute("data-item", "neuron h¹₂")
    expect(root.locator(".caption")).to_have_text("neuron h¹₂ over the plane: blue below 0, red above")
    expect(root.locator(".formulas")).to_contain_text("Backward: the upstream gradient ∂L/∂h¹₂")
    root.locator(".speed").select_option("Infinity")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, lambda: said_by(root, "step") > 200)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for(page, lambda: "step" in address_of(page))
    wait_until_idle(page, timeout=PATIENCE)
    step = int(address_of(page)["step"])
    assert said_by(root, "step") == step > 200
    state = train(point_set("circles"), Recipe((8, 8), "tanh", "cross_entropy", 0.3, 0), step)
    assert said_by(root, "loss") == pytest.approx(state.losses[-1], rel=1e-6)
    assert said_by(root, "drift") < 1e-8
    page.get_by_role("button", name="Start over").click()
    wait_for_address(page, step=None)
    assert said_by(root, "loss") == pytest.approx(state.losses[0], rel=1e-9)


def test_hover_and_keyboard_answer_without_the_server(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    root = open_trainer(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    assert colours_on(root.locator(".map canvas")) > 50
    canvas = root.locator(".network canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert root.get_attribute("data-item") == "weight x₂ → h₃"
    before = len(sent)
    seen = set()
    for step in range(40):
        page.mouse.move(box["x"] + box["width"] * (0.1 + 0.02 * step), box["y"] + box["height"] * 0.45)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        seen.add(root.get_attribute("data-item"))
    assert len(seen) > 4
    assert any(item.startswith("neuron h") for item in seen)
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    canvas.focus()
    page.keyboard.press("ArrowUp")
    expect(root).to_have_attribute("data-item", "weight x₁ → h₃")
    page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-item", "weight h₃ → z₂")
    expect(root.locator(".line")).to_contain_text("weight h₃ → z₂")
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    expect(root).to_have_attribute("data-item", "bias of z₂")
    wait_until_idle(page, timeout=PATIENCE)
    assert len(sent) == before
    page.keyboard.press("Enter")
    wait_for_address(page, held="number,1,1,")
    page.keyboard.press("Escape")
    wait_for_address(page, held="nothing")


def test_a_number_set_by_hand_is_in_the_link(dashboard: str, page: Page) -> None:
    root = open_trainer(page, dashboard, step="7")
    field = root.locator(".edit input")
    field.fill("1.5")
    field.press("Enter")
    wait_for_address(page, by_hand="7,5,1.5")
    page.get_by_role("button", name="Step", exact=True).click()
    wait_for_address(page, step="8")
    state = train(point_set("xor"), Recipe((3,), "tanh", "cross_entropy", 0.3, 0, edits=(Edit(7, 5, 1.5),)), 8)
    assert said_by(root, "loss") == pytest.approx(state.losses[-1], rel=1e-9)
    assert said_by(root, "drift") < 1e-12
    expect(root.locator("h4")).to_contain_text(f"weight x₂ → h₃: {state.net.numbers[5]:.4f}")


def test_the_shelf_opens_what_it_says(dashboard: str, page: Page) -> None:
    root = open_trainer(page, dashboard, step="7", net_rate="0.01")
    page.get_by_role("button", name="Gradients that are not cleared").click()
    wait_for(page, lambda: address_of(page).get("step") == "1000")
    wait_until_idle(page, timeout=PATIENCE)
    expect(root.locator(".count")).to_have_text("step 1,000 · loss 66.8866 · 75.0 % right")
    page.get_by_role("button", name="Too high a rate").click()
    wait_for(page, lambda: address_of(page).get("step") == "16")
    wait_until_idle(page, timeout=PATIENCE)
    expect(page.get_by_text("Step 17 gives no finite number.")).to_be_visible()
    page.get_by_role("button", name="Step", exact=True).click()
    expect(root.locator(".problem")).to_contain_text("step 16 is the last that does, and it is kept")


def test_it_fits_every_screen(dashboard: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    root = open_trainer(page, dashboard, hidden="8-8-8-8", points="2 to 6 blobs", blobs="6")
    for _ in on_every_screen(page):
        assert colours_on(root.locator(".network canvas")) > 20
    canvas = root.locator(".network canvas")
    assert canvas.bounding_box()["width"] <= 390
    page.get_by_role("button", name="All points").click()
    wait_for_address(page, point="0")
    expect(root.locator(".formulas")).to_contain_text("is the mean over the 198 points")
