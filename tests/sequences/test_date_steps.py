"""Dates written by hand: against PyTorch, against the formulas of the papers, and with attention moved."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from explorer.sequences.attention.by_pytorch import find_differences_from_pytorch
from explorer.sequences.attention.dates import LONGEST, SIGNS, read_text
from explorer.sequences.attention.network import DateNetwork, pad, write_many
from explorer.sequences.attention.records import run_arrays
from explorer.sequences.attention.steps import write

texts = st.text(st.sampled_from(SIGNS + "Zü€"), min_size=1, max_size=LONGEST).filter(str.strip)


def draw_network(attends: bool, seed: int) -> DateNetwork:
    """Untrained, its weights large enough for doubt and decision."""
    network = DateNetwork(attends).eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.4, generator=generator)
    return network


@settings(max_examples=15)
@given(texts, st.booleans(), st.integers(0, 1000))
def test_a_run_by_hand_is_pytorchs(text: str, attends: bool, seed: int) -> None:
    network, reading = draw_network(attends, seed), read_text(text)
    run = write(network, reading)
    logits = np.stack([step.logits for step in run.steps])
    assert find_differences_from_pytorch(network, run).largest < 1e-12
    # The network as it is trained, in float32 and in float64; it writes what it reads next.
    with torch.inference_mode():
        single = network(torch.tensor([reading.numbers]), torch.tensor([[step.number for step in run.steps]]))
        double = network.double()(torch.tensor([reading.numbers]))
    np.testing.assert_allclose(double[0].numpy(), logits, atol=1e-12)
    np.testing.assert_allclose(single[0].softmax(1).numpy(), [step.probabilities for step in run.steps], atol=5e-6)


def bahdanau(network: DateNetwork, states: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """Bahdanau et al. 2015, A.1.2: e_ij = v^T tanh(W s_(i-1) + U h_j), softmax written out, c_i = sum a_ij h_j.

    The paper's formula has no bias; ours has one, beside W.
    """
    v, w, b, u = network.energy.weight[0], network.query.weight, network.query.bias, network.key.weight
    e = [(v * torch.tanh(w @ before + b + u @ h)).sum() for h in states]
    total = sum(torch.exp(each) for each in e)
    alpha = [torch.exp(each) / total for each in e]
    c = sum((a * h for a, h in zip(alpha, states, strict=True)), torch.zeros(64, dtype=torch.float64))
    return torch.stack(alpha), c


@pytest.mark.parametrize("seed", [0, 1])
def test_attention_is_bahdanaus(seed: int) -> None:
    network = draw_network(True, seed)
    run = write(network, read_text("Sunday, 3rd May 1998"))
    network.double()
    assert run.weights.shape == (10, 20)
    np.testing.assert_allclose(run.weights.sum(axis=1), 1, atol=1e-14)
    for step in run.steps:
        alpha, c = bahdanau(network, torch.from_numpy(run.states), torch.from_numpy(step.asking))
        np.testing.assert_allclose(step.weights, alpha.numpy(), atol=1e-14)
        np.testing.assert_allclose(step.context, c.numpy(), atol=1e-13)


def test_without_attention_every_character_gets_the_last_states() -> None:
    network, reading = draw_network(False, 3), read_text("3 May 1998")
    run = write(network, reading)
    with torch.inference_mode():
        _, last = network.double().encoder(network.read(torch.tensor([reading.numbers])))
    for step in run.steps:
        assert step.weights is None
        np.testing.assert_allclose(step.context, torch.cat([last[0, 0], last[1, 0]]).numpy(), atol=1e-14)
    with pytest.raises(ValueError, match="nothing is weighted"):
        _ = run.weights
    with pytest.raises(ValueError, match="no weights to move"):
        write(network, reading, {0: np.ones(10)})


@settings(max_examples=15)
@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 100))
def test_attention_that_is_moved_changes_what_follows_and_nothing_before(place: int, onto: int, seed: int) -> None:
    network, reading = draw_network(True, seed), read_text("3 May 1998")
    own, moved = write(network, reading), {place: 2.5 * np.eye(10)[onto]}
    run = write(network, reading, moved)
    for before, after in zip(own.steps[:place], run.steps[:place], strict=True):
        np.testing.assert_array_equal(before.logits, after.logits)
    step = run.steps[place]
    np.testing.assert_array_equal(step.own_weights, own.steps[place].weights)
    np.testing.assert_array_equal(step.weights, np.eye(10)[onto])
    np.testing.assert_allclose(step.context, run.states[onto], atol=1e-15)
    # What follows is led by another state and perhaps another character, which PyTorch goes through as well.
    assert find_differences_from_pytorch(network, run, moved).largest < 1e-12
    # Putting the own weights in place of the own weights moves nothing.
    assert own.steps[place].weights is not None
    again = write(network, reading, {place: own.steps[place].weights})
    np.testing.assert_allclose(again.steps[-1].logits, own.steps[-1].logits, atol=1e-12)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({10: np.ones(10)}, "0 to 9, not 10"),
        ({0: np.ones(9)}, "10 characters, and 9 weights"),
        ({0: -np.ones(10)}, "from 0 on"),
        ({0: np.zeros(10)}, "not all of them 0"),
        ({0: np.full(10, np.nan)}, "from 0 on"),
    ],
)
def test_weights_that_do_not_fit_are_refused(moved: dict[int, np.ndarray], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write(draw_network(True, 0), read_text("3 May 1998"), moved)


@pytest.mark.parametrize("attends", [True, False])
def test_padding_changes_nothing(attends: bool) -> None:
    network = draw_network(attends, 5)
    readings = [read_text(text) for text in ("3 May 1998", "Wednesday, the 23rd of September 1998", "x")]
    together = network(pad([reading.numbers for reading in readings]))
    for reading, logits in zip(readings, together, strict=True):
        run = write(network, reading)
        np.testing.assert_allclose(logits.softmax(1)[0].numpy(), run.steps[0].probabilities, atol=1e-5)
    assert write_many(network, [reading.numbers for reading in readings]) == [
        write(network, reading).text for reading in readings
    ]


def test_the_file_holds_the_run() -> None:
    run = write(draw_network(True, 0), read_text("3 May 1998"))
    with io.BytesIO() as file:
        np.savez(file, **run_arrays(run))
        file.seek(0)
        with contextlib.closing(np.load(file)) as kept:
            assert str(kept["text"]) == "3 may 1998"
            assert str(kept["written"]) == run.text
            np.testing.assert_allclose(kept["contexts"], kept["weights"] @ kept["encoder_states"], atol=1e-15)
            assert kept["probabilities"].max(axis=1).prod() == pytest.approx(run.probability)
            assert kept["keys"].shape == (10, 64)
    assert "weights" not in run_arrays(write(draw_network(False, 0), read_text("3 May 1998")))
