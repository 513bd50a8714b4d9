"""The Learning page in the browser: the terrain's arithmetic against the library's, its start moved, its steps."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from math import inf, nan, sqrt
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import explorer.ui.components
from explorer.learning.optimisers import OPTIMISERS, Optimiser
from explorer.learning.terrain.descent import RATES, choose_rates, take_step, walk
from explorer.learning.terrain.formula import read_formula
from explorer.learning.terrain.surfaces import SURFACES, Surface
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_to, wait_for

CASES = 200
STEPS = 40
FORMULAS = (
    "x**2 + 3*y**2 + sin(4*x)*cos(4*y)",
    "log(1 + x**2 + y**2) - exp(-x*x)/2",
    "sqrt(1 + x**2) + abs(y)",
    "(2 + sin(x))**(1 + y**2/8) - -y**3/9",
    "x**4/4 - x^2*y + (y - 1)^2/(2 + cos(pi*x)) + e",
)

# Of every case what the library is asked for too: loss and slopes, a path, its last step, and sometimes the best rate.
WORK_OUT = """cases => cases.map((made) => {
    const surface = new Surface(made);
    surface.measure(...made.start);
    const measured = [surface.loss, surface.gx, surface.gy];
    const noise = made.sigma ? drawNoise(made.seed, made.sigma, made.most) : null;
    const terms = { noise, goal: made.goal, rates: made.rates };
    const path = new Path(made.most);
    path.walk(surface, made.settings, made.start, terms);
    const walker = new Walker(made.settings);
    walker.begin(...made.start);
    let before = walker.read();
    for (let step = 0; step < path.count; step += 1) {
        before = walker.read();
        surface.measure(...walker.place);
        walker.go(surface.gx + (noise?.[2 * step] ?? 0), surface.gy + (noise?.[2 * step + 1] ?? 0));
    }
    const { count, divergedAt, reachedAt } = path;
    const places = [...path.places.subarray(0, 2 * count + 2)];
    const losses = [...path.losses.subarray(0, count + 1)];
    const ledger = walker.read();
    const formulas = walker.names.map((name) => [name, writeFormula(name, made.settings, walker.count, ledger)]);
    const best = made.chooses ? chooseRate(surface, made.settings, made.start, new Path(made.most), terms) : null;
    return { measured, divergedAt, reachedAt, places, losses, before, ledger, formulas, best };
})"""


def make_rule(chance: np.random.Generator) -> Optimiser:
    """A rule with every flag by chance."""
    name = str(chance.choice(["SGD", "Adagrad", "RMSprop", "Adam", "AdamW"]))
    momentum = float(chance.choice([0.0, 0.5, 0.9]))
    nesterov = name == "SGD" and momentum > 0 and bool(chance.integers(2))
    return Optimiser(
        name,
        rate=float(10 ** chance.uniform(-3, -1)),
        momentum=momentum,
        dampening=0.0 if nesterov else float(chance.choice([0.0, 0.3])),
        nesterov=nesterov,
        weight_decay=float(chance.choice([0.0, 0.1])),
        lr_decay=float(chance.choice([0.0, 0.05])),
        alpha=float(chance.choice([0.5, 0.99])),
        eps=float(chance.choice([0.0, 1e-8, 1e-3])),
        centered=bool(chance.integers(2)),
        beta1=float(chance.choice([0.0, 0.5, 0.9])),
        beta2=float(chance.choice([0.9, 0.999])),
        amsgrad=bool(chance.integers(2)),
        bias_correction=bool(chance.integers(4)),
        root=bool(chance.integers(4)),
    )


def make_cases() -> list[tuple[Surface, Optimiser, tuple[float, float]]]:
    chance = np.random.default_rng(18)
    formulas = [read_formula(text) for text in FORMULAS]
    cases = []
    for number in range(CASES):
        surface = list(SURFACES.values())[number % len(SURFACES)]
        if number % 2:
            surface = replace(surface, formula=formulas[number // 2 % len(formulas)], minimum=None)
        angle, noise = float(chance.uniform(-180, 180)), float(chance.choice([0.0, 0.0, 0.2]))
        surface = replace(surface, angle=angle, noise=noise, seed=int(chance.integers(10_000)))
        start = (float(chance.uniform(-1.5, 1.5)), float(chance.uniform(-1.5, 1.5)))
        cases.append((surface, make_rule(chance), start))
    return cases


def check_formulas(found: dict[str, Any], rule: Optimiser) -> None:
    """Every number of the ledger is what the formula beside it gives, worked out from the numbers above it."""
    known = {f"{name} before": values for name, values in found["before"].items()}
    known |= {"rate": [rule.rate] * 2, "g": found["ledger"]["gradient"]}
    for name, formula in found["formulas"]:
        values = found["ledger"][name]
        if name != "gradient":
            text = re.sub(r"the larger of (.*) and (.*)", r"max(\1, \2)", formula)
            text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: f"**{int(normalize('NFKC', match[0]))}", text)
            for sign, python in zip("÷·−√", ("/", "*", "-", "sqrt"), strict=True):
                text = text.replace(sign, python)
            for axis in (0, 1):
                worked_out = text
                for each in sorted(known, key=len, reverse=True):
                    worked_out = re.sub(rf"(?<![\w.]){each}(?![\w(])", f"({known[each][axis]!r})", worked_out)
                result = eval(worked_out, {"sqrt": sqrt, "max": max, "inf": inf, "nan": nan})
                assert values[axis] == pytest.approx(result, rel=1e-4, abs=1e-9, nan_ok=True), (name, formula)
        known[name] = values


def test_the_browsers_arithmetic_is_the_librarys(page: Page) -> None:
    folder = Path(explorer.ui.components.__file__).parent / "terrain"
    for script in ("../shared/chance.js", "arithmetic.js", "../shared/optimisers.js", "paths.js", "ledger.js"):
        page.add_script_tag(content=(folder / script).read_text(encoding="utf-8"))
    cases = make_cases()
    sent = [
        {
            "program": surface.formula.program,
            "angle": surface.angle,
            "sigma": surface.noise,
            "seed": surface.seed,
            "goal": surface.goal,
            "most": STEPS,
            "rates": RATES,
            "settings": asdict(rule),
            "start": surface.turn(start),
            "chooses": number % 10 == 0,
        }
        for number, (surface, rule, start) in enumerate(cases)
    ]
    for number, ((surface, rule, start), found) in enumerate(zip(cases, page.evaluate(WORK_OUT, sent), strict=True)):
        x, y = surface.turn(start)
        np.testing.assert_allclose(found["measured"], np.stack(surface.measure(x, y)), rtol=1e-9, atol=1e-13)
        (path,) = walk(surface, [rule], start, STEPS)
        assert found["divergedAt"] == path.diverged
        assert found["reachedAt"] == (None if surface.goal is None else path.arrives(surface.goal))
        np.testing.assert_allclose(np.reshape(found["places"], (-1, 2)), path.places, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found["losses"], path.losses, rtol=1e-9, atol=1e-12)
        ledger = take_step(surface, rule, start, len(path.places) - 1)
        assert list(found["ledger"]) == list(ledger)
        for name, values in ledger.items():
            np.testing.assert_allclose(found["ledger"][name], values, rtol=1e-9, atol=1e-12, err_msg=name)
        check_formulas(found, rule)
        if number % 10 == 0:
            assert found["best"] == pytest.approx(choose_rates(surface, [rule], start, STEPS)[0].rate, rel=1e-12)


def open_terrain(page: Page, dashboard: str, **address: str | list[str]) -> Locator:
    query = urlencode({"model": "tiny-vgg", "part": "Terrain", **address}, doseq=True)
    root = follow(page, f"{dashboard}/learning?{query}", ".terrain[data-drawn]")
    wait_for(page, lambda: root.get_attribute("data-drift") is not None)
    return root


def said_by(root: Locator) -> dict[str, object]:
    return json.loads(root.get_attribute("data-paths"))


def expected(surface: Surface, titles: tuple[str, ...], start: tuple[float, float]) -> dict[str, list[object]]:
    """Rate and steps of each optimiser, by the library."""
    choices = choose_rates(surface, [OPTIMISERS[title] for title in titles], start)
    return {title: [pytest.approx(each.rate), each.steps] for title, each in zip(titles, choices, strict=True)}


FIVE = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam")


def test_the_start_is_dragged_and_its_rates_follow_when_it_is_let_go(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    root = open_terrain(page, dashboard)
    assert page.evaluate(NAMELESS) == []
    valley = SURFACES["valley"]
    assert said_by(root) == expected(valley, FIVE, valley.start)
    assert float(root.get_attribute("data-drift")) < 1e-10
    handle = root.locator("button.start")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before, rates = len(sent), [rate for rate, _ in said_by(root).values()]
    page.mouse.move(x, y)
    page.mouse.down()
    seen = set()
    for step in range(1, 12):
        page.mouse.move(x - 20 * step, y - 6 * step)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        seen.add(root.get_attribute("data-start"))
        assert [rate for rate, _ in said_by(root).values()] == rates
    assert len(seen) > 5
    assert len(sent) == before
    page.mouse.up()
    wait_for(page, lambda: "terrain_start" in address_of(page))
    wait_until_idle(page, timeout=PATIENCE)
    start = tuple(float(number) for number in address_of(page)["terrain_start"].split(","))
    assert said_by(root) == expected(valley, FIVE, start)
    expect(page.get_by_text("Turn the valley by 45 degrees, and SGD and Momentum do not notice")).to_be_visible()
    assert float(root.get_attribute("data-drift")) < 1e-10


def test_keyboard_steps_and_toggles(dashboard: str, page: Page) -> None:
    root = open_terrain(page, dashboard, terrain_optimisers=["SGD", "Adam"], terrain_turned="true")
    handle = root.locator("button.start")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    wait_for(page, lambda: "terrain_start" in address_of(page))
    wait_until_idle(page, timeout=PATIENCE)
    turned = replace(SURFACES["valley"], angle=45.0)
    start = tuple(float(number) for number in address_of(page)["terrain_start"].split(","))
    begin = turned.turn(turned.start)
    assert turned.turn(start) == pytest.approx((begin[0] - 0.03, begin[1] - 0.15), abs=1e-3)
    assert said_by(root) == expected(turned, ("SGD", "Adam"), start)
    page.get_by_role("button", name="A step on").click()
    wait_for(page, lambda: address_of(page).get("terrain_step") == "2")
    wait_until_idle(page, timeout=PATIENCE)
    expect(root.locator("h4")).to_contain_text("Step 2 of Adam")
    rate, _ = said_by(root)["Adam"]
    ledger = take_step(turned, replace(OPTIMISERS["Adam"], rate=rate), start, 2)
    shown = json.loads(root.get_attribute("data-ledger"))
    assert list(shown) == list(ledger)
    for name, values in ledger.items():
        np.testing.assert_allclose(shown[name], values, rtol=1e-9, err_msg=name)
    # Without the correction the first step is sqrt(1 - 0.999) / (1 - 0.9) times shorter, that is 3.16 times longer.
    root.locator("input.bias").uncheck()
    wait_for(page, lambda: address_of(page).get("terrain_left_out") == "bias")
    page.get_by_role("button", name="A step back").click()
    expect(root.locator(".note")).to_contain_text("3.162 × the rate in x and 3.162 × in y")
    wait_until_idle(page, timeout=PATIENCE)
    root.get_by_role("button", name="SGD").click()
    wait_for(page, lambda: address_of(page).get("terrain_chosen") == "SGD")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_for(page, lambda: int(root.get_attribute("data-step")) > 5)
    page.get_by_role("button", name="Stop", exact=True).click()
    wait_for(page, lambda: int(address_of(page).get("terrain_step", "1")) > 5)


def test_what_diverges_says_when_and_every_screen_has_room(dashboard: str, page: Page) -> None:
    titles = list(OPTIMISERS)
    hand = {"terrain_rates": "one for all", "terrain_rate": "1"}
    root = open_terrain(page, dashboard, terrain_optimisers=titles, terrain_surface="Rosenbrock's valley", **hand)
    surface = SURFACES["rosenbrock"]
    rules = [replace(rule, rate=1.0) for rule in OPTIMISERS.values()]
    diverged = {
        title: path.diverged for title, path in zip(titles, walk(surface, rules, surface.start, 1000), strict=True)
    }
    assert diverged["SGD"] is not None
    for title in titles:
        row = root.locator(".row", has_text=title).first
        says = f"diverges at step {diverged[title]}"
        (expect(row).to_contain_text if diverged[title] else expect(row).not_to_contain_text)(says)
    for _ in on_every_screen(page):
        assert colours_on(root.locator(".ground canvas")) > 50
    start = root.locator("button.start").bounding_box()
    assert min(start["width"], start["height"]) >= 44
