"""The Learning page in the browser: the terrain's arithmetic against the library's, its start moved, its steps."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

import explorer.ui.components
from explorer.learning.descent import RATES, choose_rates, take_step, walk
from explorer.learning.formula import read_formula
from explorer.learning.optimisers import Optimiser
from explorer.learning.surfaces import SURFACES, Surface

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
    for (let step = 0; step < path.count; step += 1) {
        surface.measure(...walker.place);
        walker.go(surface.gx + (noise?.[2 * step] ?? 0), surface.gy + (noise?.[2 * step + 1] ?? 0));
    }
    const { count, divergedAt, reachedAt } = path;
    const places = [...path.places.subarray(0, 2 * count + 2)];
    const losses = [...path.losses.subarray(0, count + 1)];
    const best = made.chooses ? chooseRate(surface, made.settings, made.start, new Path(made.most), terms) : null;
    return { measured, divergedAt, reachedAt, places, losses, ledger: walker.read(), best };
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


def test_the_browsers_arithmetic_is_the_librarys(page: Page) -> None:
    folder = Path(explorer.ui.components.__file__).parent / "terrain"
    for script in ("arithmetic.js", "optimisers.js"):
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
        if number % 10 == 0:
            assert found["best"] == pytest.approx(choose_rates(surface, [rule], start, STEPS)[0].rate, rel=1e-12)
