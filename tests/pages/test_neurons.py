"""The Neurons page: its parts and what they say."""

import math
import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.ui.neurons.page import PARTS
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


@pytest.mark.parametrize("label", [label for label, _ in PARTS.values()])
def test_every_part_opens_from_its_address(label: str, browser_side: Browser) -> None:
    app = open_page("neurons", {"model": "tiny-vgg", "part": label})
    assert app.segmented_control(key="part").value == next(key for key, (name, _) in PARTS.items() if name == label)
    assert not app.error
    assert not app.warning


def open_view(view: str, **address: str) -> AppTest:
    return open_page("neurons", {"model": "tiny-vgg", "neuron": view, **address})


def test_a_neuron_of_own_numbers(browser_side: Browser) -> None:
    app = open_view("Sum and slope", neuron_inputs="1 2", neuron_weights="3 -1", neuron_bias="0.5")
    s = 1 / (1 + math.exp(-1.5))
    told = texts_of(app)
    assert r"$z = 1 \cdot 3 + 2 \cdot (-1) + 0.5 = 1.5$" in told
    assert f"moves {s * (1 - s):.3g} times as far" in told
    assert re.search(r"PyTorch: 0\.8176, slope 0\.1491; difference (0|\de-17)\.", told)
    _, printed = run_snippet(app.code[0].value)
    assert [float(word) for word in printed.split()] == pytest.approx([1.5, s, s * (1 - s)])
    run(app.text_input(key="neuron_weights").set_value("3 -1 7"))
    assert "Type 2 numbers" in app.error[0].value
    assert r"$z = 1 \cdot 3 + 2 \cdot (-1) + 0.5 = 1.5$" in texts_of(app)  # the last that could be read


def test_a_neuron_on_a_patch_of_the_photo(browser_side: Browser) -> None:
    app = open_view("Sum and slope", neuron_source="A patch of the photo", patch="3,5", detector="a light spot")
    assert browser_side.grids["patches"]["selected"] == 2 * 12 + 4
    arrays = browser_side.arrays("neuron")
    assert arrays["inputs"].shape == (64,)
    total = float(arrays["products"].sum()) + 0.3
    assert f"= {total:.3g}$, and out comes" in texts_of(app)
    browser_side.clicks["patches"] = 0
    run(app)
    assert app.query_params["patch"] == "1,1"


def test_asked_first_nothing_is_given_away(browser_side: Browser) -> None:
    answer_first(open_view("Sum and slope", ask="true"), "1/2", "No: 1/4.", "PyTorch")


def test_where_the_sigmoid_of_textbooks_fails(browser_side: Browser) -> None:
    told = texts_of(open_view("Sigmoid at 100"))
    assert "gives **not a number**" in told
    assert "gives **1**" in told


@pytest.mark.parametrize("between", ["none (linear)", "ReLU"])
def test_layers_without_a_bend_are_one(between: str, browser_side: Browser) -> None:
    app = open_view("Layers without a bend", linear_between=between)
    arrays = browser_side.arrays("linear")
    one = np.linalg.multi_dot(arrays["weights"][::-1])
    np.testing.assert_allclose(arrays["weight_of_all"], one, atol=1e-14)
    told = texts_of(app)
    _, printed = run_snippet(app.code[0].value)
    if between == "ReLU":
        assert f"here it is **{float(printed):.3g}** at two points" in told
        return
    measured = re.search(r"Largest difference over all 8 outputs: \*\*(\S+)\*\*", told)
    assert measured
    assert 0 < float(measured[1]) < 1e-14
    assert float(printed) < 1e-14


def test_numbers_of_a_layer(browser_side: Browser) -> None:
    app = open_view("A layer of neurons", layer_inputs="784", layer_neurons="10")
    assert "10 × (64 + 1) = 650" in texts_of(app)  # 784 is out of reach
    run(app.slider(key="layer_inputs").set_value(5))
    parameters = sum(parameter.numel() for parameter in torch.nn.Linear(5, 10).parameters())
    assert f"10 × (5 + 1) = {parameters}" in texts_of(app)


def open_digits(**address: str) -> AppTest:
    return open_page("neurons", {"model": "tiny-vgg", "part": "Digits", **address})


def test_a_drawn_digit_is_moved(browser_side: Browser) -> None:
    app = open_digits(ask="true")
    told = answer_first(app, "more than 80 %", "No: less than 50 %.", "Moved 2 to the right")
    assert "| weights | 18,794 | 8,394 |" in told
    rows = re.findall(r"\| right, moved by \d \| ([\d.]+)\s% \| ([\d.]+)\s% \|", told)
    shares = np.array([[float(share) for share in row] for row in rows]).T  # of the MLP, of the CNN
    assert shares[:, 0].min() > 95
    assert shares[0, 1] < 50
    assert shares[0, 2] < 20
    np.testing.assert_allclose(shares[1], shares[1, 0], atol=0.5)  # a CNN without pooling
    assert "held-out digit 33 (a 6), moved 2 to the right" in told
    for difference in re.findall(r"difference (\S+?)[;.]", told):
        assert float(difference) < 1e-13

    browser_side.clicks["digit-pad"] = "281570154588"
    run(app)
    assert app.query_params["digit_drawn"] == "281570154588"
    assert browser_side.pads["digit-pad"]["drawing"] == "281570154588"
    run(app.slider(key="digit_shift").set_value(0))
    told = texts_of(app)
    assert re.search(r"Of your digit: the MLP says \*\*\d\*\* \(\S+ %\) and the CNN says \*\*7\*\*", told)
    assert "of the true" not in told
    run(app.selectbox(key="digit_true").set_value("7"))
    arrays = browser_side.arrays("digit-offer")
    z = torch.from_numpy(arrays["logits_cnn"])
    assert arrays["picture"].shape == (24, 24)
    loss = float(torch.nn.functional.cross_entropy(z, torch.tensor(7)))
    assert f"CNN {loss:.3g}." in texts_of(app)
    browser_side.clicks["digit-pad"] = "no drawing"
    run(app)
    assert browser_side.pads["digit-pad"]["drawing"] == "281570154588"
    browser_side.clicks["digit-pad"] = ""
    run(app)
    assert "digit_drawn" not in app.query_params
    assert "held-out digit 33" in texts_of(app)
    assert "Of your photo" in texts_of(run(app.segmented_control(key="digit").set_value("photo")))

    run(app.segmented_control(key="digits").set_value("first"))
    told = texts_of(run(app.radio(key="ask-first").set_value("less than a fifth of them")))
    assert "You were right." in told
    assert re.search(r"\*\*(None|[123]) of the MLP's 32 first neurons", told)
    assert re.search(r"1\d,\d{3} of its 18,432 weights are to the last bit", told)


def test_shuffled_pixels_of_digits(browser_side: Browser) -> None:
    told = texts_of(open_digits(digits="Shuffle the pixels"))
    before, after = zip(*re.findall(r"\| [\d,]+ \| ([\d.]+)\s% \| ([\d.]+)\s% \|", told), strict=True)
    assert abs(float(after[0]) - float(before[0])) < 1.5
    assert float(after[1]) > float(before[1]) + 1.5
    assert "logits for held-out digit 33 (a 6) differ by **0**" in told
