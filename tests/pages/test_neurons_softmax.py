"""The part of the Neurons page on softmax and losses."""

import io
import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch.nn import functional as F

from explorer.neurons.two_classes import COMPARED
from explorer.ui.neurons.logits import SOURCES
from explorer.ui.shared.recorded import recording_of
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, subject_of, texts_of


def open_losses(view: str = "Logits to loss", **address: str) -> AppTest:
    link = {"model": "tiny-vgg", "part": "Softmax and losses", "losses": view}
    return open_page("neurons", {**link, **address})


def test_from_logits_to_the_gradient(browser_side: Browser) -> None:
    app = open_losses()
    z = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(z, torch.tensor([1]))
    (gradient,) = torch.autograd.grad(loss, z)
    first, second, third = (f"{value:+.3g}".replace("-", "−") for value in gradient[0].tolist())
    told = texts_of(app)
    assert f"Cross-entropy {loss:.3g}, with the gradient class 2 {second}, class 1 {first}, class 3 {third}." in told
    assert re.search(r"PyTorch: 1\.34901; largest difference in the loss and its gradients (0|\de-1[67])\.", told)
    arrays = browser_side.arrays("softmax")
    np.testing.assert_allclose(arrays["gradient"], gradient[0].numpy(), rtol=1e-12)
    _, printed = run_snippet(app.code[0].value)
    assert f"{loss.item()}" in printed

    browser_side.clicks["board"] = (2.0, 3.5, -1.0)
    run(app)
    assert app.text_input(key="logits").value == "2 3.5 -1"
    assert browser_side.boards["board"]["logits"] == [2, 3.5, -1]
    run(app.text_input(key="logits").set_value("1 x"))
    assert "“x”, number 2, is not a number" in app.error[0].value
    assert browser_side.boards["board"]["logits"] == [2, 3.5, -1]


def test_the_photos_logits(browser_side: Browser) -> None:
    app = open_losses(logits_of=SOURCES["photo"], loss="squared error")
    logits = recording_of(subject_of(app)).logits.double()
    board = browser_side.boards["board"]
    assert board["logits"] == logits.tolist()
    assert board["fixed"]
    assert board["truth"] == board["shown"][0] == int(logits.argmax())
    expected = F.mse_loss(logits.softmax(0), F.one_hot(logits.argmax(), 10).double())
    assert f"PyTorch: {expected:.6g};" in texts_of(app)
    run(app.button(key="take_logits").click())
    assert not browser_side.boards["board"]["fixed"]
    np.testing.assert_allclose(
        browser_side.boards["board"]["logits"], logits.sort(descending=True).values[:6], atol=0.005
    )


def test_a_constant_overflows_the_formula_and_changes_nothing(browser_side: Browser) -> None:
    told = texts_of(open_losses("Add 1000, or cool down", softmax_temperature="0.5"))
    p, log = (of(torch.tensor([2.0, 1, -1], dtype=torch.float64), 0)[1] for of in (F.softmax, F.log_softmax))
    assert f"{p:.3g} before and {p:.3g} after, difference 0" in told
    assert "e^z ÷ Σ gives **not a number**" in told
    assert f"log-sum-exp gives −{-log:.3g}" in told
    assert f"{F.softmax(torch.tensor([4.0, 2, -2]), 0)[1]:.3g} for the same class" in told


@pytest.mark.parametrize(
    ("view", "asked", "said"),
    [
        ("Logits to loss", "ask-gradient", ["Cross-entropy 1.35"]),
        ("Sure and wrong", "ask-wrong", ["pushes with 0.9997", "without the log it is 0.0003", "difference 0."]),
        (
            "Labels 70 to 30",
            "ask-mixed",
            ["Cross-entropy is least at 0.70, squared error at 0.70, without the log at 1.00"],
        ),
        ("One-hot", "ask-one-hot", ["row 3, to the last bit", "difference 0.", "1.414 apart"]),
        ("Which loss when", "ask-twice", ["takes logits: 1.35", "their mean, 22", "their median, 3"]),
    ],
)
def test_every_view_says_its_finding_and_asks_first(
    view: str, asked: str, said: list[str], browser_side: Browser
) -> None:
    app = open_losses(view, ask="true")
    told = answer_first(app, app.radio(key=asked).options[-1], "", *said)
    assert ("You were right." in told) != ("No: " in told)
    assert run_snippet(app.code[-1].value)[1]
    for _, data, name in browser_side.downloads.values():
        if name in ("push.npz", "mixed-labels.npz"):
            with np.load(io.BytesIO(data())) as arrays:
                assert {*COMPARED} < {*arrays}


def test_a_softmax_too_many(browser_side: Browser) -> None:
    z = torch.tensor([[2.0, 1.0, -1.0]], dtype=torch.float64, requires_grad=True)
    wrong = F.cross_entropy(z.softmax(-1), torch.tensor([1]))
    (gradient,) = torch.autograd.grad(wrong, z)
    told = texts_of(open_losses("Which loss when"))
    assert f"Given the softmax it says {wrong:.3g}" in told
    assert f"gradient is −{-gradient[0, 1]:.3g} in place of −0.741" in told
