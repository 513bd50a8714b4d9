"""The Learning page's part on dropout: what it says is what PyTorch does."""

import io
import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from tests.pages.opening import Browser, open_page, run, run_snippet


def open_dropout(**address: str) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "Dropout", **address})


def texts_of(app: AppTest) -> str:
    return "\n".join(element.value for element in (*app.markdown, *app.caption)).replace("\u00a0", " ")


def cell(told: str, row: str, column: int = 0) -> float:
    found = re.search(rf"\| {row} \|(.+)\|", told)
    assert found, row
    return float(found[1].split("|")[column].replace("−", "-").replace("points", "").replace("%", ""))


def test_one_digit_through_two_hundred_masks(browser_side: Browser) -> None:
    app = open_dropout(ask="true")
    assert "standard errors" not in texts_of(app)
    run(app.radio(key="ask-dropout-True").set_value("near zero"))
    told = texts_of(app)
    assert "No: close to it." in told
    assert "For held-out digit 33 (a 6), 200 masks give the 6 a logit of" in told
    with np.load(io.BytesIO(browser_side.downloads["dropout-offer-npz"][1]())) as arrays:
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
    assert cell(told, "spread over all masks") == pytest.approx(deviation, rel=0.01)
    for difference in re.findall(r"(?:difference|nothing,) (\S+?)[;.]", told):
        assert float(difference) < 1e-12
    _, printed = run_snippet(app.code[0].value)
    (_, *of_logit), (_, *of_share) = (line.split() for line in printed.splitlines())
    values = evaluation[6], logits[:, 6].mean(), logits[:, 6].std()
    assert [float(word) for word in of_logit] == pytest.approx([float(each) for each in values], abs=1e-9)
    values = evaluation.softmax(0)[6], shares.mean(), shares.std()
    assert [float(word) for word in of_share] == pytest.approx([float(each) for each in values], abs=1e-9)

    run(app.toggle(key="dropout_divided").set_value(False))
    run(app.radio(key="ask-dropout-False").set_value("lower by the factor 1 − p"))
    told = texts_of(app)
    assert "You were right." in told
    _, printed = run_snippet(app.code[0].value)
    without = float(printed.split()[2])
    with np.load(io.BytesIO(browser_side.downloads["dropout-offer-npz"][1]())) as arrays:
        bias = arrays["bias"][6]
    assert without == pytest.approx(0.5 * (logits[:, 6].mean().item() - bias) + bias, abs=1e-9)
    assert cell(told, "mean of 200 masks") == pytest.approx(without, rel=0.01)

    browser_side.clicks["digit-pad"] = "281570154588"
    run(app)
    assert app.query_params["digit_drawn"] == "281570154588"
    assert "For your digit, 200 masks give the" in texts_of(app)


def test_what_dropout_does_to_the_gap(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.learning.dropout.training.STEPS", 25)  # and seeds that no other test has had trained
    app = open_dropout(dropout_look="Does it help?", dropout_hidden="128", dropout_seed="3")
    told = texts_of(app)
    with np.load(io.BytesIO(browser_side.downloads["dropout-npz"][1]())) as arrays:
        training, held_out = arrays["training"], arrays["held_out"]
    gap = training - held_out
    assert gap.shape == (3, 5)
    moved = gap[1:] - gap[0]
    reach = 3.4954 * moved.std(axis=1, ddof=1) / np.sqrt(5)  # Student's quantile of 0.9875 with four degrees of freedom
    means = moved.mean(axis=1)
    for number, mean in enumerate(means):
        assert cell(told, "less that without", number + 1) == pytest.approx(100 * mean, abs=0.06)
    names = [
        "none" if abs(m) <= half else "wider" if m > 0 else "narrower" for m, half in zip(means, reach, strict=True)
    ]
    assert f"| difference |  | {names[0]} | {names[1]} |" in told
    assert told.count("makes no difference") == names.count("none")
    _, printed = run_snippet(app.code[0].value)
    rows = np.array([[float(word) for word in line.split()] for line in printed.splitlines()])
    np.testing.assert_array_equal(rows[:, 1], [15, 16, 17, 18, 19] * 3)
    np.testing.assert_allclose(rows[:, 2:].T, [training.ravel(), held_out.ravel()], atol=1e-6)
