"""A GAN in the plane in the browser: its arithmetic against the library's, its game played, every screen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import explorer.ui.components
from explorer.generators.plane.game import (
    CODES,
    LOSSES,
    Recipe,
    State,
    first_state,
    fixed_codes,
    make_fakes,
    play,
    pull,
)
from explorer.generators.plane.mixtures import SHAPES
from explorer.generators.plane.points import Reals, shape_points, stroke_points
from explorer.generators.plane.yardstick import Yardstick, count_modes, cover, measure
from explorer.neurons.perceptron import Perceptron
from explorer.ui.components.gan_plane import describe_game, describe_state
from explorer.ui.components.losses import LOSSES_JS
from tests.browser.serving import wait_until_idle
from tests.browser.test_components import NAMELESS
from tests.browser.test_layers import on_every_screen
from tests.browser.watching import PATIENCE, address_of, colours_on, follow, frames_to, wait_for

CASES = 200
SCRIPTS = (
    *("shared/chance.js", "shared/dense.js", "shared/optimisers.js"),
    *("gan_plane/arithmetic.js", "gan_plane/yardstick.js"),
)

# Of every case what the library is asked for too: the state after some rounds, where fakes are drawn to, the yardstick.
WORK_OUT = """text => JSON.stringify(JSON.parse(text).map(({ data, state, rounds, measures }) => {
    const game = new Game(data);
    game.take(state);
    for (let round = 0; round < rounds; round += 1) game.round();
    const fakes = game.makeFakes();
    const pulls = [0, 2, 4].map((at) => {
        const logit = game.pull(fakes[at], fakes[at + 1]);
        return [logit, ...[...game.slope].map((slope) => slope * game.factor(logit))];
    });
    let measured = null;
    if (measures) {
        const yardstick = new Yardstick(data);
        yardstick.measure(game, fakes);
        const { value, bestValue, divergence, covered, among, modes } = yardstick;
        const best = [...yardstick.best.filter((_, cell) => cell % 131 === 0)];
        measured = { value, bestValue, divergence, covered, among, modes, best };
    }
    const memories = [game.judge, game.maker].map(({ walker }) => (walker.m ? [...walker.m, ...walker.v] : []));
    return {
        judge: [...game.judge.net.numbers], maker: [...game.maker.net.numbers], values: game.values, memories,
        fixed: [...game.fixed.subarray(0, 20)], fakes: [...fakes.subarray(0, 20)], pulls, measured,
    };
}))"""


def make_case(number: int, chance: np.random.Generator) -> tuple[Reals, Recipe, State, int]:
    """Points, a recipe with every choice by chance, a state some rounds on, and how many more are played."""
    shapes = [Reals(shape_points(name).rows[::7], name) for name in SHAPES]
    stroke = tuple((int(x), int(y)) for x, y in chance.integers(0, 100, (4, 2)))
    reals = stroke_points((stroke,)) if number % 5 == 4 else shapes[number % 5]
    optimiser = str(chance.choice(["Adam", "SGD"]))
    recipe = Recipe(
        (int(chance.integers(1, 3)), int(chance.integers(1, 3))),
        str(chance.choice(list(LOSSES))),
        optimiser,
        (float(10 ** chance.uniform(-4, -1.5)), float(10 ** chance.uniform(-4, -1.5))),
        str(chance.choice(list(CODES))),
        int(chance.integers(10_000)),
    )
    start = first_state(recipe)
    sizes = (start.discriminator, start.generator)
    blown = [Perceptron(net.sizes, net.numbers * chance.uniform(0.3, 1.5, net.numbers.shape), "tanh") for net in sizes]
    state = replace(start, discriminator=blown[0], generator=blown[1])
    return reals, recipe, play(reals, recipe, int(chance.integers(3)), state), int(chance.integers(1, 4))


def test_the_browsers_arithmetic_is_the_librarys(page: Page) -> None:
    folder = Path(explorer.ui.components.__file__).parent
    page.add_script_tag(content=LOSSES_JS + "".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS))
    chance = np.random.default_rng(19)
    cases = [make_case(number, chance) for number in range(CASES)]
    sent = [
        {
            "data": describe_game(reals, recipe),
            "state": describe_state(state),
            "rounds": rounds,
            "measures": number % 40 < 5,
        }
        for number, (reals, recipe, state, rounds) in enumerate(cases)
    ]

    # As text: handed over number by number, a million of them take seconds.
    answers = json.loads(page.evaluate(WORK_OUT, json.dumps(sent)))
    for (reals, recipe, state, rounds), found in zip(cases, answers, strict=True):
        after = play(reals, recipe, state.rounds + rounds, state)
        same(found["judge"], after.discriminator.numbers)
        same(found["maker"], after.generator.numbers)
        same(found["values"], list(enumerate(after.values, 1)))
        if recipe.optimiser == "Adam":
            same(found["memories"][0], np.concatenate([after.memories[0]["m"], after.memories[0]["v"]]))
            same(found["memories"][1], np.concatenate([after.memories[1]["m"], after.memories[1]["v"]]))
        codes = fixed_codes(recipe)
        fakes = make_fakes(after.generator, codes)
        same(found["fixed"], codes.ravel()[:20])
        same(found["fakes"], fakes.ravel()[:20])
        pulled = pull(after.discriminator, fakes[:3], recipe.loss)
        same(found["pulls"], np.column_stack([pulled.logits, pulled.gradients]))
        if found["measured"] is not None:
            check_measured(found["measured"], reals, measure(reals, after, codes))


def same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def check_measured(found: dict[str, Any], reals: Reals, made: Yardstick) -> None:
    measured = [found[name] for name in ("value", "bestValue", "divergence")]
    same(measured, [made.value, made.best_value, made.divergence])
    lies = (made.real + made.fake > 1e-150).ravel()[::131]
    same(np.array(found["best"])[lies], made.best.ravel()[::131][lies])
    covered = cover(reals, made.fakes)
    same([found["covered"], found["among"]], [covered.covered, covered.among])
    modes = count_modes(reals, made.fakes)
    assert found["modes"] == (None if modes is None else modes[0])


def test_a_game_is_played_and_every_screen_has_room(dashboard: str, page: Page) -> None:
    sent = frames_to(page)
    query = urlencode({"model": "tiny-vgg", "part": "GAN in the plane", "plane_round": "30", "plane_turns": "1:5"})
    root = follow(page, f"{dashboard}/generators?{query}", ".plane[data-drawn]")
    assert page.evaluate(NAMELESS) == []
    reals, recipe = shape_points("eight"), Recipe((1, 5))

    def check(rounds: int) -> State:
        state = play(reals, recipe, rounds)
        made = measure(reals, state, fixed_codes(recipe))
        assert int(root.get_attribute("data-rounds")) == rounds
        assert float(root.get_attribute("data-value")) == pytest.approx(made.value, rel=1e-8)
        assert float(root.get_attribute("data-best")) == pytest.approx(made.best_value, rel=1e-8)
        return state

    check(30)
    before = len(sent)
    page.get_by_role("button", name="One round", exact=True).click()
    wait_for(page, lambda: address_of(page).get("plane_round") == "31")
    wait_until_idle(page, timeout=PATIENCE)
    check(31)
    assert float(root.get_attribute("data-drift")) < 1e-12
    expect(root.locator(".check")).to_contain_text("PyTorch’s autograd, loss −log D")
    # Played as fast as it can, nothing is asked of the server before it stops; then both agree.
    root.locator(".speed").select_option("Infinity")
    page.locator(".plane").get_by_role("button", name="Play", exact=True).click()
    wait_for(page, lambda: int(root.get_attribute("data-rounds")) > 100)
    playing = len(sent)
    wait_for(page, lambda: int(root.get_attribute("data-rounds")) > 160)
    assert len(sent) == playing > before
    page.locator(".plane").get_by_role("button", name="Stop", exact=True).click()
    wait_for(page, lambda: int(address_of(page).get("plane_round", "0")) > 160)
    wait_until_idle(page, timeout=PATIENCE)
    state = check(int(address_of(page)["plane_round"]))
    assert float(root.get_attribute("data-drift")) < 1e-9
    expect(page.get_by_text(f"after {state.rounds:,} rounds the fakes cover")).to_be_visible()
    # Another fake: by button, by key, by pointer.
    page.get_by_role("button", name="The next fake").click()
    root.locator(".says canvas").press("ArrowRight")
    wait_for(page, lambda: address_of(page).get("plane_fake") == "3")
    wait_until_idle(page, timeout=PATIENCE)
    fakes = measure(reals, state, fixed_codes(recipe)).fakes
    expected = pull(state.discriminator, fakes[[2]], recipe.loss).gradients[0]
    assert json.loads(root.get_attribute("data-pull")) == pytest.approx(expected.tolist(), rel=1e-7)
    page.get_by_role("button", name="Start over").click()
    wait_for(page, lambda: address_of(page).get("plane_round") == "0")
    wait_until_idle(page, timeout=PATIENCE)
    check(0)
    for _ in on_every_screen(page):
        for name in ("says", "best", "made"):
            assert colours_on(root.locator(f".{name} canvas")) > 30, name
        sides = root.evaluate("root => [root.scrollWidth, root.clientWidth]")
        assert sides[0] <= sides[1]
