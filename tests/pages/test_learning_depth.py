"""The Learning page's part on depth: fifty layers, their product, and a hundred steps of training."""

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.learning.depth.training import HELD_OUT
from explorer.ui.learning.depth import controls
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


def open_depth(**address: str) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "Depth", **address})


def test_another_initialisation_flips_the_finding(
    browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_depth(ask="true")
    told = answer_first(app, "about as much", "No: less than a thousandth.", "arrives at the pixels.**")
    assert "**50 layers, ReLU, weights by Xavier: of a gradient of length 1" in told
    assert "It vanishes." in told
    product = re.search(
        r"\$\$([\d.]+)\^\{50\} \\cdot ([\d.]+)\^\{50\}\$\$ \$\$= .* = ([\d.]+) \\cdot 10\^\{-8\}\$\$", told
    )
    assert product
    slopes, weights, left = (float(number) for number in product.groups())
    assert (slopes * weights) ** 50 == pytest.approx(left * 1e-8, rel=0.02)  # of factors with four digits
    difference = re.search(r"largest difference over all layers (\S+) of it", told)
    assert difference
    assert float(difference[1].replace("−", "-")) < 1e-13

    arrays = browser_side.arrays("depth-offer")
    np.savez(tmp_path / "depth.npz", **arrays)
    arrived, of_slopes = arrays["gradients"], arrays["factors_of_slopes"]
    assert np.exp(np.log(of_slopes).mean()) == pytest.approx(slopes, abs=1e-4)
    monkeypatch.chdir(tmp_path)
    _, printed = run_snippet(app.code[0].value)
    lengths = [float(line.split()[2]) for line in printed.splitlines()[:-1]]
    np.testing.assert_allclose(lengths, arrived, rtol=1e-3)

    assert re.search(r"\| \*\*Xavier\*\* \| \S+e−8 \| \S+e−8 \| [1-9]\.\d+e−16 \|", told)
    assert re.search(r"\| He \| 0\.\d+ \| 0\.\d+ \| 0\.[5-9]\d* \|", told)
    assert re.search(r"\| σ\s0\.3 \| \S+e26 \| \S+e26 \| not a number \|", told)

    told = texts_of(run(app.segmented_control(key="depth_start").set_value("he")))
    assert "about as much" in app.radio(key="ask-depth").options
    assert "vanishes" not in told
    assert "\\cdot 1.41" in told
    told = texts_of(run(app.selectbox(key="depth_activation").set_value("sigmoid")))
    assert r"at best $0.25^{50} = 7.89 \cdot 10^{-31}$" in told
    app.slider(key="depth_layers").set_value(80)
    app.selectbox(key="depth_activation").set_value("relu")
    told = texts_of(run(app.segmented_control(key="depth_start").set_value("own")))
    assert "no number arrives at the pixels.** From layer" in told
    app.toggle(key="depth_residual").set_value(True)
    told = texts_of(run(app.toggle(key="depth_norm").set_value(True)))
    assert "No line of theory here" in told
    assert "all initialisations give the same" in told
    assert not app.error


def test_a_hundred_steps_say_whether_it_learns(browser_side: Browser) -> None:
    app = open_depth(
        depth="Train 100 steps", depth_layers="2", depth_width="32", depth_activation="tanh", depth_optimiser="Adam"
    )
    told = texts_of(app)
    assert re.search(
        r"\*\*2 layers, tanh, Xavier: it learns\.\*\* At the best of 3 rates, 0\.01, 100 steps of Adam", told
    )
    arrays = browser_side.arrays("depth-training")
    best = arrays["right"][arrays["rate"] == 0.01]
    shares = [f"{100 * right / HELD_OUT:.3g} %" for right in best]
    assert f"; {', '.join(shares)} of the held-out digits are right." in told
    rows = re.findall(r"\| rate (\S+) \| .* → ", told)
    assert rows == ["0.0001", "0.001", "0.01"]


@pytest.mark.parametrize("value", ["nonsense", "1e999"])
def test_a_mangled_address_opens_what_there_is_at_first(value: str, browser_side: Browser) -> None:
    names = (
        *("depth", "depth_layers", "depth_width", "depth_activation", "depth_start", "depth_sigma", "depth_residual"),
        *("depth_norm", "depth_input", "depth_seed", "depth_optimiser"),
    )
    told = texts_of(open_depth(**dict.fromkeys(names, value)))
    assert "**50 layers, ReLU, weights by Xavier: of a gradient" in told


def test_an_even_photo_is_said_and_digits_go_in(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "cut_patches", lambda image: np.full((8, 12, 8, 8), 0.4))
    controls.compute_inputs.clear()
    app = open_depth(depth_layers="2", depth_width="32")
    assert "is one even colour" in app.info[0].value
    arrays = browser_side.arrays("depth-offer")
    assert arrays["inputs"].shape == (128, 64)
    assert "load_digits" in app.code[0].value
    controls.compute_inputs.clear()
