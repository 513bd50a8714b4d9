"""One step of the decoder by hand, and what `lead` says the LSTM did."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from explorer.captioning import Captioner
from explorer.captioning.inside import KINDS, ORDERS, look_inside, order_units
from explorer.captioning.vocabulary import END, START
from tests.captioning.making import toy_captioner

WORDS = ("a", "dog", "runs", "on", "the", "red", "grass")


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return toy_captioner()


@pytest.fixture(scope="module")
def a(captioner: Captioner) -> torch.Tensor:
    return captioner.look(torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)))


def test_attention_is_the_softmax_of_what_every_cell_answers(captioner: Captioner, a: torch.Tensor) -> None:
    decoder = captioner.decoder
    scene, state = decoder.see(a)
    energies = []
    for cell in range(a.shape[1]):  # one at a time, by the formula
        hidden = [
            math.tanh(
                sum(float(decoder.key.weight[k, d] * a[0, cell, d]) for d in range(a.shape[2]))
                + float(decoder.key.bias[k])
                + sum(float(decoder.query.weight[k, u] * state.h[0, u]) for u in range(state.h.shape[1]))
            )
            for k in range(decoder.key.out_features)
        ]
        energies.append(sum(float(v) * each for v, each in zip(decoder.energy.weight[0], hidden, strict=True)))
    powers = np.exp(np.array(energies) - max(energies))
    np.testing.assert_allclose(decoder.attend(scene, state.h)[0], powers / powers.sum(), rtol=1e-4, atol=1e-6)


def test_every_step_against_an_lstm_cell_and_by_hand(captioner: Captioner, a: torch.Tensor) -> None:
    decoder = captioner.decoder
    cell = torch.nn.LSTMCell(decoder.lstm.input_size, decoder.lstm.hidden_size)
    cell.load_state_dict(decoder.lstm.state_dict())
    scene, state = decoder.see(a)
    mean = a.mean(dim=1)
    h = torch.tanh(F.linear(mean, decoder.first_h.weight, decoder.first_h.bias))
    c = torch.tanh(F.linear(mean, decoder.first_c.weight, decoder.first_c.bias))
    led = captioner.teacher_force(a, WORDS)
    previous = START
    with torch.no_grad():
        for t, number in enumerate([*captioner.vocabulary.encode(WORDS), END]):
            reading = decoder.read(torch.tensor([previous]), scene, state)
            alpha = decoder.attend(scene, h)
            beta = 1 / (1 + math.exp(-float(decoder.gate(h))))
            z = beta * sum(alpha[0, cell] * a[0, cell] for cell in range(a.shape[1]))
            word = decoder.embedding.weight[previous]
            h, c = cell(torch.cat([word, z])[None], (h, c))
            vector = word + decoder.from_hidden(h)[0] + decoder.from_context.weight @ z
            scores = decoder.embedding.weight @ vector + decoder.bias
            torch.testing.assert_close(reading.vector[0], vector)
            torch.testing.assert_close(decoder.write(reading.vector)[0], scores)
            torch.testing.assert_close(reading.state.h, h)
            torch.testing.assert_close(reading.state.c, c)
            torch.testing.assert_close(led.steps[t].state.c, c)
            torch.testing.assert_close(led.alpha[:, t], alpha)
            assert float(led.beta[0, t]) == pytest.approx(beta, abs=1e-6)
            allowed = [END, *range(4, len(captioner.vocabulary))]
            expected = torch.full_like(scores, -torch.inf)
            expected[allowed] = scores[allowed].log_softmax(0)
            torch.testing.assert_close(led.log_probabilities[0, t], expected)
            state, previous = reading.state, number


def test_training_and_leading_give_the_same(captioner: Captioner, a: torch.Tensor) -> None:
    numbers = captioner.vocabulary.encode(WORDS)
    led = captioner.teacher_force(a, WORDS)
    logits, looked = captioner.decoder(a, torch.tensor([[[START, *numbers]]]))
    torch.testing.assert_close(looked[0], led.alpha.sum(dim=1))
    shown = torch.isfinite(led.log_probabilities)
    shift = (logits[None] - led.log_probabilities)[shown].reshape(len(numbers) + 1, -1)
    torch.testing.assert_close(shift, shift[:, :1].expand_as(shift))  # one constant a step


@pytest.mark.parametrize("seed", [0, 1])
def test_the_gates_make_the_cell_state(seed: int, a: torch.Tensor) -> None:
    captioner = toy_captioner(seed)
    memory = look_inside(captioner, a, WORDS)
    _, first = captioner.decoder.see(a)
    before = np.concatenate([first.c.numpy(), memory.cell[:-1]])
    np.testing.assert_allclose(
        memory.cell, memory.forget * before + memory.input * memory.candidate, rtol=1e-4, atol=1e-5
    )
    # What the LSTM shows is what the next look is asked by.
    scene, _ = captioner.decoder.see(a)
    led = captioner.teacher_force(a, WORDS)
    for t in range(len(WORDS)):
        h = torch.from_numpy(memory.output[t] * np.tanh(memory.cell[t]))[None]
        torch.testing.assert_close(captioner.decoder.attend(scene, h), led.alpha[:, t + 1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(memory.hidden, memory.output * np.tanh(memory.cell))
    for gate in (memory.input, memory.forget, memory.output, memory.beta):
        assert ((gate >= 0) & (gate <= 1)).all()
    assert memory.words == WORDS
    assert memory.cell.shape == (7, 7)
    np.testing.assert_array_equal(memory.beta, captioner.read(a, WORDS).gates)


def test_units_are_only_put_in_another_order(captioner: Captioner, a: torch.Tensor) -> None:
    memory = look_inside(captioner, a, WORDS)
    for shown in KINDS:
        rows = getattr(memory, shown).T
        for order in ORDERS:
            assert sorted(order_units(memory, shown, order)) == list(range(len(rows)))
        means = rows[order_units(memory, shown, "mean")].mean(axis=1)
        assert (np.diff(means) <= 0).all()
        np.testing.assert_array_equal(order_units(memory, shown, "number"), np.arange(len(rows)))

        def apart(order: np.ndarray, rows: np.ndarray = rows) -> float:
            return float(np.linalg.norm(np.diff(rows[order], axis=0), axis=1).sum())

        assert apart(order_units(memory, shown, "alike")) <= apart(np.arange(len(rows)))
    with pytest.raises(ValueError, match="no order"):
        order_units(memory, "cell", "colour")  # type: ignore[arg-type]


def test_alike_units_become_neighbours() -> None:
    from explorer.captioning.inside import Memory

    pattern = np.array([[0, 0, 1], [1, 1, 0]], np.float32)
    cell = pattern[[0, 1, 0, 1, 0, 1]].T.copy()  # (3 words, 6 units), two kinds of unit mixed
    memory = Memory(("a", "b", "c"), cell, cell, cell, cell, cell, np.zeros(3, np.float32))
    kinds = cell.T[order_units(memory, "cell", "alike"), 0]
    assert np.abs(np.diff(kinds)).sum() == 1
