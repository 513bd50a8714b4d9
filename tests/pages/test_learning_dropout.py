"""The Learning page's part on dropout: what it says is what PyTorch does."""

import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.learning.dropout.training import DropoutRecipe, train_in_slices
from explorer.ui.learning.dropout import gap
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


def open_dropout(**address: str) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "Dropout", **address})


def cell(told: str, row: str, column: int = 0) -> float:
    found = re.search(rf"\| {row} \|(.+)\|", told)
    assert found, row
    return float(found[1].split("|")[column].replace("−", "-").replace("points", "").replace("%", ""))


def test_one_digit_through_two_hundred_masks(browser_side: Browser) -> None:
    app = open_dropout(ask="true")
    told = answer_first(app, "near zero", "No: close to it.", "standard errors")
    assert "For held-out digit 33 (a 6), 200 masks give the 6 a logit of" in told
    arrays = browser_side.arrays("dropout-offer")
    masks, hidden, weight = arrays["masks"], arrays["hidden"], arrays["weight"][6]
    logits, evaluation = torch.from_numpy(arrays["logits"]), torch.from_numpy(arrays["evaluation"])
    assert masks.shape == (200, 32)
    shares = logits.softmax(1)[:, 6]
    deviation = np.sqrt(0.5 / 0.5 * ((weight * hidden) ** 2).sum())
    assert cell(told, "evaluation") == pytest.approx(evaluation[6].item(), rel=0.01)
    assert cell(told, "mean of 200 masks") == pytest.approx(logits[:, 6].mean().item(), rel=0.01)
    assert abs(cell(told, "in standard errors")) < 4
    assert cell(told, "in standard errors", 1) < -3
    assert cell(told, "mean of 200 masks", 1) == pytest.approx(100 * shares.mean().item(), rel=0.01)
    assert cell(told, "spread of all there are") == pytest.approx(deviation, rel=0.01)
    for difference in re.findall(r"(?:difference|nothing,) (\S+?)[;.]", told):
        assert float(difference) < 1e-12
    _, printed = run_snippet(app.code[0].value)
    (_, *of_logit), (_, *of_share) = (line.split() for line in printed.splitlines())
    values = evaluation[6], logits[:, 6].mean(), logits[:, 6].std()
    assert [float(word) for word in of_logit] == pytest.approx([float(each) for each in values], abs=1e-9)
    values = evaluation.softmax(0)[6], shares.mean(), shares.std()
    assert [float(word) for word in of_share] == pytest.approx([float(each) for each in values], abs=1e-9)

    run(app.toggle(key="dropout_divided").set_value(False))
    run(app.radio(key="ask-dropout-False").set_value("about 1 − p times it"))
    told = texts_of(app)
    assert "You were right." in told
    _, printed = run_snippet(app.code[0].value)
    without = float(printed.split()[2])
    arrays = browser_side.arrays("dropout-offer")
    bias = arrays["bias"][6]
    assert without == pytest.approx(0.5 * (logits[:, 6].mean().item() - bias) + bias, abs=1e-9)
    assert cell(told, "mean of 200 masks") == pytest.approx(without, rel=0.01)

    browser_side.clicks["digit-pad"] = "281570154588"
    run(app)
    assert app.query_params["digit_drawn"] == "281570154588"
    assert "For your digit, 200 masks give the" in texts_of(app)


@pytest.mark.parametrize("value", ["", "nonsense", "1e999"])
def test_a_mangled_address_shows_the_first_numbers(value: str, browser_side: Browser) -> None:
    names = ("look", "p", "divided", "seed", "example")
    app = open_dropout(**{f"dropout_{name}": value for name in names})
    assert "For held-out digit 33 (a 6), 200 masks give the 6 a logit of" in texts_of(app)
    assert (app.select_slider(key="dropout_p").value, app.slider(key="dropout_example").value) == (0.5, 1)


def test_what_was_trained_before_a_stop_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.learning.dropout.training.STEPS", 25)
    monkeypatch.setattr("explorer.slices._EVERY", 0.0)
    begun: list[DropoutRecipe] = []
    monkeypatch.setattr(gap, "train_in_slices", lambda recipe: begun.append(recipe) or train_in_slices(recipe))
    recipes = [DropoutRecipe(0.2, seed=seed) for seed in (990, 991)]

    def stop(done: int, of: int) -> None:
        if begun == recipes:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        gap._train_all(recipes, stop)
    told: list[tuple[int, int]] = []
    assert [each.recipe for each in gap._train_all(recipes, lambda *each: told.append(each))] == recipes
    assert begun == [*recipes, recipes[1]]
    assert told[-1][0] == 25 + gap.STEPS  # the second's, behind all steps of the first


def test_what_dropout_does_to_the_gap(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.learning.dropout.training.STEPS", 25)  # and seeds that no other test has had trained
    app = open_dropout(dropout_look="Does it help?", dropout_hidden="128", dropout_seed="3")
    told = texts_of(app)
    arrays = browser_side.arrays("dropout-gap-offer")
    training, held_out = arrays["training"], arrays["held_out"]
    assert browser_side.downloads["dropout-gap-offer-png"][1]().startswith(b"\x89PNG")
    gaps = training - held_out
    assert gaps.shape == (3, 5)
    moved = gaps[1:] - gaps[0]
    reach = 3.4954 * moved.std(axis=1, ddof=1) / np.sqrt(5)  # Student's quantile of 0.9875 with four degrees of freedom
    means = moved.mean(axis=1)
    for number, mean in enumerate(means):
        assert cell(told, "less that without", number + 1) == pytest.approx(100 * mean, abs=0.06)
    names = [
        "none" if abs(m) <= half else "wider" if m > 0 else "narrower" for m, half in zip(means, reach, strict=True)
    ]
    assert f"| change |  | {names[0]} | {names[1]} |" in told
    assert told.count("makes no difference") == names.count("none")
    _, printed = run_snippet(app.code[0].value)
    rows = np.array([[float(word) for word in line.split()] for line in printed.splitlines()])
    np.testing.assert_array_equal(rows[:, 1], [15, 16, 17, 18, 19] * 3)
    np.testing.assert_allclose(rows[:, 2:].T, [training.ravel(), held_out.ravel()], atol=1e-6)
