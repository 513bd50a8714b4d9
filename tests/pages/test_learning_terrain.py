"""The Learning page's part Terrain: what it says, hands to the browser and takes from it."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.terrain.descent import walk
from explorer.learning.terrain.surfaces import SURFACES
from explorer.ui.components import Look
from explorer.ui.components.terrain import read_look
from tests.pages.opening import Browser, answer_first, open_page, run, texts_of

FIVE = ("SGD", "Momentum", "AdaGrad", "RMSProp", "Adam")


def open_terrain(**address: str | list[str]) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "Terrain", **address})


def steps_by_torch(angle: float, make: type[torch.optim.Optimizer], rate: float, **more: float) -> int:
    """To a loss of a millionth, in the valley of condition 100 from (1, 0.3) in its own axes."""
    turned = torch.tensor(angle, dtype=torch.float64).deg2rad()
    turn = torch.stack([torch.stack([turned.cos(), -turned.sin()]), torch.stack([turned.sin(), turned.cos()])])
    place = (turn @ torch.tensor([1, 0.3], dtype=torch.float64)).requires_grad_()
    optimiser = make([place], lr=rate, **more)
    for step in range(1000):
        loss = 0.5 * (turn.T @ place).square() @ torch.tensor([1, 100], dtype=torch.float64)
        if loss <= 1e-6:
            return step
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    raise AssertionError("not in 1,000 steps")


def test_the_first_screen_says_what_turning_the_valley_does(browser_side: Browser) -> None:
    said = texts_of(open_terrain())
    given = browser_side.terrains["terrain"]
    assert tuple(given["rules"]) == FIVE
    assert given["look"] == Look((1.0, 0.3))
    kinds = {"SGD": torch.optim.SGD, "AdaGrad": torch.optim.Adagrad, "Adam": torch.optim.Adam}
    for title, kind in kinds.items():
        steps = steps_by_torch(0, kind, given["rules"][title].rate)
        assert f"{title} **{steps} → " in said
    assert "SGD and Momentum do not notice; RMSProp needs 324 steps in place of 5 and AdaGrad needs 502" in said
    assert "Paths of 5 optimisers by hand and by `torch.optim`" in said
    assert "There for good: SGD from step 366 on, " in said
    assert "RMSProp only comes by, its loss rises to " in said
    run_turned = run(open_terrain().toggle(key="terrain_turned").set_value(True))
    given = browser_side.terrains["terrain"]
    assert given["surface"].angle == 45
    assert steps_by_torch(45, torch.optim.Adagrad, given["rules"]["AdaGrad"].rate) == 502
    assert "AdaGrad **8 → 502**" in texts_of(run_turned)


def test_asked_first_the_finding_waits_for_an_answer(browser_side: Browser) -> None:
    right = "Those with one rate for both directions: SGD, momentum"
    answer_first(open_terrain(ask="true"), right, "You were right.", "do not notice")


def test_what_is_looked_at_is_in_the_address_until_the_surface_changes(browser_side: Browser) -> None:
    app = open_terrain()
    look = Look((-0.4, 0.25), 7, "RMSProp", bias=False, root=False)
    browser_side.clicks["terrain"] = look
    app = run(app)
    address = {"terrain_start": "-0.4,0.25", "terrain_step": "7", "terrain_chosen": "RMSProp"}
    address["terrain_left_out"] = "bias,root"
    assert {name: app.query_params[name] for name in address} == address
    given = browser_side.terrains["terrain"]
    assert given["look"] == look
    assert tuple(given["checked"]) == ("SGD", "Momentum")  # PyTorch has the others only whole
    assert all(rule.root and rule.bias_correction for rule in given["rules"].values())
    run(app.selectbox(key="terrain_surface").set_value("saddle"))
    given = browser_side.terrains["terrain"]
    assert given["look"] == Look(SURFACES["saddle"].start, 1, "RMSProp", bias=False, root=False)
    open_terrain(**address)
    assert browser_side.terrains["terrain"]["look"] == look


def test_one_rate_for_all_may_be_too_high(browser_side: Browser) -> None:
    said = texts_of(open_terrain(terrain_rates="one for all", terrain_rate="0.1", terrain_optimisers=["SGD", "Adam"]))
    assert {title: rule.rate for title, rule in browser_side.terrains["terrain"]["rules"].items()} == {
        "SGD": pytest.approx(0.1),
        "Adam": pytest.approx(0.1),
    }
    assert "all at rate 0.1" in said
    diverged = walk(SURFACES["valley"], [replace(OPTIMISERS["SGD"], rate=0.1)], (1.0, 0.3), 1000)[0].diverged
    assert f"SGD **diverges at step {diverged} → diverges at step {diverged}**" in said  # 0.1 is above 2/100


def test_a_formula_of_ones_own_is_read_or_the_last_stays(browser_side: Browser) -> None:
    app = open_terrain(terrain_surface="own formula")
    app = run(app.text_input(key="terrain_formula").set_value("x^2 + 5*y^2"))
    assert browser_side.terrains["terrain"]["surface"].formula.text == "x^2 + 5*y^2"
    for typed in ("x +", "__import__('os')", "log(-1 - x**2)", ""):
        app = run(app.text_input(key="terrain_formula").set_value(typed))
        assert [error.value.endswith("The last formula that worked stays.") for error in app.error] == [True], typed
        assert browser_side.terrains["terrain"]["surface"].formula.text == "x^2 + 5*y^2"


@pytest.mark.parametrize("value", ["1e999", "9" * 5000], ids=["endless", "digits"])
@pytest.mark.parametrize("surface", ["own formula", "noisy valley"])
def test_what_stands_there_only_sometimes_may_be_mangled_too(surface: str, value: str, browser_side: Browser) -> None:
    names = ("terrain_formula", "terrain_noise", "terrain_seed", "terrain_rate")
    open_terrain(terrain_surface=surface, terrain_rates="one for all", **dict.fromkeys(names, value))
    assert browser_side.terrains["terrain"]["look"] == Look((1.0, 0.3))


def test_a_start_without_a_finite_loss_is_said_and_left(browser_side: Browser) -> None:
    app = open_terrain(terrain_surface="own formula", terrain_formula="log(x) + y**2", terrain_start="-1,0")
    assert "Until then paths begin at the surface's own start." in texts_of(app)
    assert browser_side.terrains["terrain"]["look"].start == (1.0, 0.3)


@pytest.mark.parametrize(
    "change",
    [
        {"start": [nan, 0]},
        {"start": [inf, 0]},
        {"start": [3, 0]},
        {"start": [1]},
        {"start": "ab"},
        {"step": 0},
        {"step": 1001},
        {"step": "1.5"},
        {"chosen": "Adamax"},
        {"toggles": [True]},
    ],
)
def test_what_a_browser_may_not_send_is_nothing(change: dict[str, object]) -> None:
    sent = {"start": [0.5, 0.5], "step": 3, "chosen": "Adam", "toggles": [True, False, True]}
    titles = tuple(OPTIMISERS)
    assert read_look(sent, SURFACES["valley"], titles) == Look((0.5, 0.5), 3, "Adam", eps=False)
    assert read_look({**sent, **change}, SURFACES["valley"], titles) is None
    assert read_look(None, SURFACES["valley"], titles) is None
