"""The Neurons page's part Backward: what it says, hands to the browser, takes from it and hands over."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.neurons.losses import one_hot
from explorer.neurons.perceptron import backward, forward, split_numbers
from explorer.neurons.points import Points, point_set
from explorer.neurons.training import Edit, Recipe, State, train
from explorer.text import significant
from explorer.ui.components.perceptron_trainer import Item, Stop, read_stop
from explorer.ui.neurons.shelf import FAIL, WORK, Setting
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of

PLAIN = Recipe((3,), "tanh", "cross_entropy", 0.3, 0)


def open_backward(**address: str) -> AppTest:
    return open_page("neurons", {"model": "tiny-vgg", "part": "Backward", **address})


def share_right(points: Points, state: State) -> float:
    logits = forward(state.net, points.places).sums[-1]
    return float((logits.argmax(axis=1) == np.array(points.classes)).mean())


def test_the_first_screen_says_what_the_next_step_promises_and_brings(browser_side: Browser) -> None:
    app = open_backward()
    points = point_set("xor")
    state = train(points, PLAIN, 1)
    first = train(points, PLAIN, 0)
    gradient = backward(
        first.net, forward(first.net, points.places), one_hot(points.classes, 2), "cross_entropy"
    ).gradient
    said = texts_of(app).replace("−", "-")
    assert f"**{significant(-0.3 * float(gradient @ gradient))}**" in said
    assert f"**{significant(state.losses[1] - state.losses[0])}**" in said
    assert "All 17 gradients of step 0" in said
    given = browser_side.trainers["trainer"]
    assert given["stop"] == Stop(0, (), 0, Item("number", 0, 2, 1))
    np.testing.assert_allclose(given["gradients"][0], gradient, rtol=1e-9)


def test_the_gradient_shrinks_from_layer_to_layer_under_sigmoids(browser_side: Browser) -> None:
    said = texts_of(open_backward(hidden="8-8-8-8", net_activation="sigmoid"))
    mean, _ = browser_side.trainers["trainer"]["gradients"]  # by autograd
    norms = [np.linalg.norm(layer.weight) for layer in split_numbers((2, 8, 8, 8, 8, 2), mean)]
    assert f"from the first: {', '.join(map(significant, norms))} (" in said
    assert all(10 * before < after for before, after in zip(norms[:2], norms[2:4], strict=True))


def test_asked_first_the_finding_waits_for_an_answer(browser_side: Browser) -> None:
    answer_first(open_backward(ask="true"), "nearly all of it", "You were right.", "promises to change")


def test_where_a_person_stops_is_in_the_address_until_the_recipe_changes(browser_side: Browser) -> None:
    app = open_backward()
    stop = Stop(137, (Edit(3, 4, 0.25),), -1, Item("unit", 0, 1))
    browser_side.clicks["trainer"] = stop
    app = run(app)
    address = {"step": "137", "by_hand": "3,4,0.25", "point": "0", "held": "unit,0,1,"}
    assert {name: app.query_params[name] for name in address} == address
    given = browser_side.trainers["trainer"]
    assert given["stop"] == stop
    expected = train(point_set("xor"), replace(PLAIN, edits=stop.edits), 137)
    np.testing.assert_allclose(given["state"].net.numbers, expected.net.numbers, rtol=1e-12)
    run(app.selectbox(key="net_activation").set_value("sigmoid"))
    assert browser_side.trainers["trainer"]["stop"].step == 0
    assert "step" not in app.query_params
    assert browser_side.trainers["trainer"]["stop"].item == stop.item
    run(app.selectbox(key="points").set_value("corners"))
    assert browser_side.trainers["trainer"]["stop"] == Stop(0, (), 0, Item("number", 0, 2, 1))
    assert "point" not in app.query_params
    linked = open_backward(net_activation="sigmoid", **address)
    assert browser_side.trainers["trainer"]["stop"] == stop
    assert "All 17 gradients of step 137" in texts_of(linked)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ({"hidden": "9"}, "Hidden layers are up to 4 numbers from 1 to 8"),
        ({"hidden": "1-2-3-4-5"}, "Hidden layers are up to 4 numbers from 1 to 8"),
        ({"hidden": "8-8", "net_activation": "leaky ReLU", "net_rate": "10", "step": "500"}, "Step 17 gives no finite"),
        ({"step": "-3", "by_hand": "a", "point": "1e9", "held": "x,y,z,u"}, "All 17 gradients of step 0"),
        ({"step": "3", "by_hand": "0,0,nan"}, "All 17 gradients of step 0"),
        ({"points": "two moons", "net_loss": "without the log", "by_hand": "0,15,100"}, "less than float64 can tell"),
        ({"points": "XOR, four corners", "net_rate": "3", "clear": "false", "step": "1000"}, "gradients that pile up"),
        ({"hidden": "0"}, "All 6 gradients of step 0"),
    ],
)
def test_what_an_address_says_in_vain_is_said_or_left_out(
    address: dict[str, str], says: str, browser_side: Browser
) -> None:
    assert says in texts_of(open_backward(**address))


@pytest.mark.parametrize("value", ["", "nonsense", "1e999", "9" * 5000], ids=["", "nonsense", "endless", "digits"])
def test_a_mangled_address_still_opens_the_part(value: str, browser_side: Browser) -> None:
    names = ("points", "blobs", "hidden", "net_activation", "net_loss", "net_rate", "net_seed", "clear")
    open_backward(**dict.fromkeys((*names, "step", "by_hand", "point", "held", "scale_points"), value))
    assert browser_side.trainers["trainer"]["recipe"].activation == "tanh"


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "nonsense",
        {},
        {"step": 20_001, "edits": [], "point": 0, "item": None},
        {"step": inf, "edits": [], "point": 0, "item": None},
        {"step": 1, "edits": [[2, 0, 1.0]], "point": 0, "item": None},
        {"step": 1, "edits": [[0, 17, 1.0]], "point": 0, "item": None},
        {"step": 1, "edits": [[0, 1, nan]], "point": 0, "item": None},
        {"step": 1, "edits": [[0, 1, 1e7]], "point": 0, "item": None},
        {"step": 1, "edits": [[0, 1, 1.0]] * 21, "point": 0, "item": None},
        {"step": 1, "edits": [], "point": 4, "item": None},
    ],
)
def test_what_a_browser_may_not_send_is_nothing(sent: object) -> None:
    assert read_stop(sent, (2, 3, 2), 4) is None


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "number", "layer": 2, "unit": 0, "source": 0},
        {"kind": "number", "layer": 0, "unit": 3, "source": 0},
        {"kind": "number", "layer": 0, "unit": 0, "source": 2},
        {"kind": "number", "layer": -1, "unit": 0, "source": None},
        {"kind": "picture", "layer": 0, "unit": 0, "source": None},
    ],
)
def test_what_is_not_in_the_network_is_not_held(item: dict[str, object]) -> None:
    assert read_stop({"step": 1, "edits": [], "point": 0, "item": item}, (2, 3, 2), 4) == Stop(1)


def test_own_points_are_read_scaled_and_refused_with_the_row(browser_side: Browser) -> None:
    app = open_backward(points="your own points")
    assert browser_side.trainers["trainer"]["points"].names == ("setosa", "versicolor", "virginica")
    app = run(app.text_area[0].set_value("0 100 a\n1 300 b\n2 -100 a"))
    assert browser_side.trainers["trainer"]["points"].rows == ((0, 100), (1, 300), (2, -100))
    assert "“Scale both columns” makes them alike" in texts_of(app)
    app = run(app.toggle(key="scale_points").set_value(True))
    np.testing.assert_allclose(browser_side.trainers["trainer"]["points"].places.std(axis=0), 1)
    app = run(app.text_area[0].set_value("0 100 a\n1 none b"))
    assert [error.value for error in app.error] == [
        "Row 2: x2 is “none”, which is no finite number. The last points that worked stay."
    ]
    assert len(browser_side.trainers["trainer"]["points"].rows) == 3


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"1,2,a\n3,4,b", ""),
        ("\ufeff1;2,5;a\n3;4;b".encode(), ""),
        (b"\xff\xfe1", "The file is no text in UTF-8: save it as CSV (UTF-8)."),
        (b"1,2,a\n" * 20_000, "The file has 120 kB: 100 at most."),
        (b"1,2,a\n3,4", "Row 2 has 2 columns: three are needed, x1, x2 and a class."),
    ],
    ids=["commas", "semicolons", "another encoding", "too large", "a column short"],
)
def test_a_file_gives_points_or_a_sentence(data: bytes, says: str, browser_side: Browser) -> None:
    app = open_backward(points="your own points")
    app = run(app.file_uploader(key="own_points_file").upload("points.csv", data, "text/csv"))
    assert [error.value.removesuffix(" The last points that worked stay.") for error in app.error] == [says] * bool(
        says
    )
    assert browser_side.trainers["trainer"]["points"].names == (
        ("setosa", "versicolor", "virginica") if says else ("a", "b")
    )


def test_picture_arrays_and_snippet_agree(browser_side: Browser) -> None:
    app = open_backward(step="5", points="two moons", hidden="4")
    found = browser_side.arrays("backward")
    names, _ = run_snippet(app.code[-1].value)
    np.testing.assert_allclose(found["losses"], names["losses"], rtol=1e-9)
    np.testing.assert_allclose(found["weight1"], names["network"][0].weight.detach().numpy(), rtol=1e-9)
    np.testing.assert_allclose(found["bias2"], names["network"][2].bias.detach().numpy(), rtol=1e-9)
    picture = Image.open(io.BytesIO(browser_side.downloads["backward-png"][1]()))
    assert len(picture.getcolors(1 << 20)) > 50


@pytest.mark.parametrize("setting", [*WORK, *FAIL], ids=lambda setting: setting.title)
def test_a_setting_of_the_shelf_does_what_it_says(setting: Setting) -> None:
    """Every number in its reason, computed again."""
    points = point_set(setting.points, setting.blobs)
    recipe, steps = setting.recipe, setting.step
    state = train(points, recipe, steps)

    def percent(recipe: Recipe) -> str:
        share = 100 * share_right(points, train(points, recipe, steps))
        return "100 %" if share == 100 else f"{share:.1f} %"

    computed = {f"{steps:,}", significant(recipe.rate), percent(recipe)}
    if setting.title == "XOR from other first weights":
        computed |= {percent(replace(recipe, seed=0)), percent(replace(recipe, hidden=(4,))), "seed 0", "seed 1"}
    elif setting.title == "Two spirals with two layers of eight":
        computed.add(percent(replace(recipe, hidden=(8,))))
    elif setting.title == "Four layers of sigmoids":
        first = train(points, recipe, 0).net
        gradient = backward(first, forward(first, points.places), one_hot(points.classes, 2), recipe.loss).gradient
        norms = [float(np.linalg.norm(layer.weight)) for layer in split_numbers(first.sizes, gradient)]
        computed |= {f"{float(f'{norms[-1] / norms[0]:.3g}'):,.0f}", "1/4"}
    elif setting.title == "Too high a rate":
        assert train(points, recipe, steps + 1, state).step == steps
    elif setting.title == "Gradients that are not cleared":
        cleared = train(points, replace(recipe, clears=True), steps)
        computed |= {percent(replace(recipe, clears=True)), f"{state.losses[-1]:.3g}", f"{cleared.losses[-1]:.3g}"}
        computed |= {"0.3", "100"}
        computed |= {
            f"{train(points, replace(recipe, rate=0.3, clears=c), 100).losses[-1]:#.3g}" for c in (True, False)
        }
    elif setting.title == "Without the log":
        computed |= {percent(replace(recipe, loss="cross_entropy")), "10"}
        assert percent(recipe) == f"{100 * share_right(points, train(points, recipe, 0)):.1f} %"
    numbers = {number for text in computed for number in re.findall(r"[\d.,/e-]*\d", text)}
    assert set(re.findall(r"(?<![\w.])\d[\d.,/e-]*(?<![.,])", setting.reason)) <= numbers
    assert state.step == steps


def test_the_shelf_opens_a_setting_with_its_step(browser_side: Browser) -> None:
    app = open_backward(step="5", net_rate="0.01", held="unit,0,0,")
    run(app.button(key=f"shelf-{FAIL[-1].title}").click())
    given = browser_side.trainers["trainer"]
    assert given["recipe"] == FAIL[-1].recipe
    assert given["stop"].step == 300
    assert given["points"] == point_set("moons")
