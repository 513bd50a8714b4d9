"""What is left of a gradient letters ago, beside PyTorch's own layers, differences and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.sequences.memory.gradients import draw_layer, flow_back, measure_by_autograd
from explorer.sequences.memory.networks import Network
from explorer.sequences.memory.texts import INPUTS, UNKNOWN, draw_texts, draw_tops, read_own
from explorer.sequences.next_letter import TextRejected

NETWORKS = [
    Network("rnn", units=8, seed=1),
    Network("rnn", spread=1.3, units=8, seed=2),
    Network("lstm", 0.0, units=8, seed=3),
    Network("lstm", 3.0, units=8, seed=4),
    Network("gru", 2.0, units=8, seed=5),
]


def layer_of(network: Network) -> nn.RNN | nn.LSTM | nn.GRU:
    """The same layer made by PyTorch alone."""
    torch.manual_seed(network.seed)
    layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[network.kind](INPUTS, network.units)
    with torch.no_grad():
        if network.kind != "rnn":
            layer.bias_ih_l0.chunk(4 if network.kind == "lstm" else 3)[1].fill_(network.bias)
            layer.bias_hh_l0.chunk(4 if network.kind == "lstm" else 3)[1].zero_()
        elif network.spread is not None:
            layer.weight_hh_l0.normal_(0, network.spread / network.units**0.5)
    return layer.double()


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.title)
def test_what_is_worked_out_by_hand_is_autograds(network: Network) -> None:
    texts, tops = draw_texts(7, 3)[:, :25], draw_tops(7, 3, network.units)
    flow = flow_back(network, texts, tops)
    layer = layer_of(network)
    x = F.one_hot(torch.from_numpy(texts.T), INPUTS).double().requires_grad_()
    states = layer(x)[0]
    (gradient,) = torch.autograd.grad(states[-1], x, torch.from_numpy(tops), retain_graph=True)
    np.testing.assert_allclose(flow.lengths, gradient.norm(dim=2).T.flip(1), rtol=1e-9)
    np.testing.assert_allclose(measure_by_autograd(draw_layer(network), texts, tops), flow.lengths, rtol=1e-9)
    # A step away from a letter's one-hot vector changes the last state as the gradient says.
    h, back = 1e-6, 20
    moved = x.detach().clone()
    direction = gradient[-1 - back] / gradient[-1 - back].norm(dim=1, keepdim=True)
    with torch.no_grad():
        ends = []
        for sign in (1, -1):
            moved[-1 - back] = x[-1 - back] + sign * h * direction
            ends.append((layer(moved)[0][-1] * torch.from_numpy(tops)).sum(1))
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * h), flow.lengths[:, back], rtol=1e-3, atol=1e-10)


def test_an_rnns_factors_multiply_to_what_arrives() -> None:
    texts, tops = draw_texts(0, 4)[:, :30], draw_tops(0, 4, 8)
    flow, layer = flow_back(NETWORKS[1], texts, tops), layer_of(NETWORKS[1])
    x = F.one_hot(torch.from_numpy(texts.T), INPUTS).double()
    states = [torch.zeros(4, 8, dtype=torch.float64, requires_grad=True)]
    for letters in x:
        states.append(layer(letters[None], states[-1][None])[1][0])
    gradients = torch.autograd.grad(states[-1], states, torch.from_numpy(tops))
    assert (flow.slopes <= 1).all()
    for back in (1, 5, 29):
        product = (flow.slopes[:, :back] * flow.onward[:, :back]).prod(axis=1)
        np.testing.assert_allclose(product, gradients[-1 - back].norm(dim=1), rtol=1e-9)


def test_a_straight_rnn_passes_on_powers_of_its_matrix() -> None:
    """With weights above zero and no bias, an RNN of ReLUs is linear: dh/dx n letters ago is W_h^n W_x."""
    layer = nn.RNN(INPUTS, 4, nonlinearity="relu", bias=False).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(0.05, 0.3)
    onward, inward = layer.weight_hh_l0.detach().numpy(), layer.weight_ih_l0.detach().numpy()
    texts, tops = draw_texts(0, 2)[:, :12], draw_tops(0, 2, 4)
    lengths = measure_by_autograd(layer, texts, tops)
    for back in (0, 1, 5, 11):
        power = np.linalg.matrix_power(onward, back) @ inward
        np.testing.assert_allclose(lengths[:, back], np.linalg.norm(tops @ power, axis=1), rtol=1e-12)


def test_through_the_memory_alone_nothing_goes_through_the_gates_sums() -> None:
    texts, tops = draw_texts(0, 3)[:, :30], draw_tops(0, 3, 8)
    x = F.one_hot(torch.from_numpy(texts.T), INPUTS).double().requires_grad_()
    flow, layer = flow_back(NETWORKS[3], texts, tops), layer_of(NETWORKS[3])
    h = c = torch.zeros(3, 8, dtype=torch.float64)
    for letters in x:
        _, (h, c) = layer(letters[None], (h.detach()[None], c[None]))  # what is detached passes no gradient on
        h, c = h[0], c[0]
    (gradient,) = torch.autograd.grad(h, x, torch.from_numpy(tops))
    np.testing.assert_allclose(flow.direct, gradient.norm(dim=2).T.flip(1), rtol=1e-9)

    flow, layer = flow_back(NETWORKS[4], texts, tops), layer_of(NETWORKS[4])
    kept, h = [], torch.zeros(3, 8, dtype=torch.float64)
    for letters in x:
        sums = letters @ layer.weight_ih_l0.T + layer.bias_ih_l0 + h @ layer.weight_hh_l0.T + layer.bias_hh_l0
        z = sums.chunk(3, dim=1)[1].sigmoid().detach()
        h = layer(letters[None], h.detach()[None])[1][0] + z * (h - h.detach())
        kept.insert(0, z)
    (gradient,) = torch.autograd.grad(h, x, torch.from_numpy(tops))
    np.testing.assert_allclose(flow.direct, gradient.norm(dim=2).T.flip(1), rtol=1e-9)
    np.testing.assert_allclose(flow.kept, torch.stack(kept, 1), rtol=1e-9)


def test_own_text_is_read_with_unknown_letters_named() -> None:
    own = read_own("Grüße, 2x")
    assert own.text == "grüße, 2x"
    assert own.unknown == ("ü", "ß")
    assert own.numbers.shape == (1, 9)
    assert own.numbers[0, 2] == own.numbers[0, 3] == UNKNOWN
    assert own.numbers[0, 0] == 6
    for typed in ("", "a", "x" * 121):
        with pytest.raises(TextRejected):
            read_own(typed)
