import re
from math import exp, tanh

import torch
from torch import nn

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def parameters(layer: nn.Module) -> int:
    return sum(each.numel() for each in layer.parameters())


@check(74)
def test_weights_of_an_rnn() -> Recomputed:
    cell = nn.RNN(10, 20).double()
    x = torch.randn(3, 10, dtype=torch.float64)
    state = torch.zeros(20, dtype=torch.float64)
    for row in x:
        state = torch.tanh(cell.weight_ih_l0 @ row + cell.weight_hh_l0 @ state + cell.bias_ih_l0 + cell.bias_hh_l0)
    torch.testing.assert_close(cell(x)[1][0], state)
    inward, onward = cell.weight_ih_l0, cell.weight_hh_l0
    biases = cell.bias_ih_l0.numel() + cell.bias_hh_l0.numel()
    return {*map(str, inward.T.shape), f"{inward.numel()}", f"{onward.numel()}", f"{biases}", f"{parameters(cell)}"}


@check_draws(74)
def test_drawn_states(exercise: Drawn) -> Recomputed:
    inward, onward, bias, _, *inputs = map(float, numerals_in_order(exercise.question))
    state, states = 0.0, []
    for number in inputs:
        state = tanh(inward * number + onward * state + bias)
        states.append(f"{state:.3f}")
    assert numerals_in_order(exercise.answer) == states
    return set(states)


@check(75)
def test_one_matrix() -> Recomputed:
    inward, onward = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 4, dtype=torch.float64)
    x, state = torch.randn(3, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    joined = torch.cat([inward, onward], dim=1) @ torch.cat([x, state])
    torch.testing.assert_close(joined, inward @ x + onward @ state)
    return set()


@check_draws(75)
def test_drawn_joined(exercise: Drawn) -> Recomputed:
    inputs, units = map(int, numerals_in_order(exercise.question))
    return {f"{units}", f"{inputs + units}", f"{units * (inputs + units)}"}


@check(76)
def test_what_is_left() -> Recomputed:
    closed, bias, steps, growing = 0.5, 3, 100, 1.1
    gate = 1 / (1 + exp(-bias))
    left = 1.0
    for _ in range(steps):
        left *= closed
    torch.manual_seed(0)
    cell, units = nn.LSTM(8, 32), 32
    begun = torch.sigmoid(cell.bias_ih_l0 + cell.bias_hh_l0)[units : 2 * units].mean().item()
    assert abs(begun - closed) < 0.02
    assert first_gradient(None) < 1e-15 < 1e-3 < first_gradient(bias)  # the open gate, not the LSTM
    return {
        *("1", f"{closed}", f"{bias}", f"{steps}", f"{growing}"),
        f"{left:.0e}",
        f"{gate:.3f}",
        f"{gate**steps:.3f}",
        f"{growing**steps:.0f}",
    }


def first_gradient(bias: float | None) -> float:
    """Norm of the gradient of an LSTM's last state by the first of 100 inputs."""
    torch.manual_seed(0)
    cell = nn.LSTM(8, 32).double()
    if bias is not None:
        with torch.no_grad():
            cell.bias_ih_l0[32:64], cell.bias_hh_l0[32:64] = bias, 0.0
    x = torch.randn(100, 8, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(cell(x)[0][-1].sum(), x)
    return gradient[0].norm().item()


@check_draws(76)
def test_drawn_kept(exercise: Drawn) -> Recomputed:
    gate, steps = map(float, numerals_in_order(exercise.question))
    return {f"{gate**steps:.2g}"}


@check(77)
def test_gates_and_candidate() -> Recomputed:
    cell, plain = nn.LSTM(10, 20).double(), nn.RNN(10, 20)
    x = torch.randn(1, 10, dtype=torch.float64)
    h, c = torch.randn(2, 20, dtype=torch.float64)
    states, _ = cell(x, (h[None], c[None]))
    sums = cell.weight_ih_l0 @ x[0] + cell.bias_ih_l0 + cell.weight_hh_l0 @ h + cell.bias_hh_l0
    i, f, g, o = sums.chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    torch.testing.assert_close(states[0], o.sigmoid() * c.tanh())
    return {"10", "20", "1", f"{parameters(cell)}", f"{parameters(cell) / parameters(plain):.0f}"}


@check_draws(77)
def test_drawn_sizes(exercise: Drawn) -> Recomputed:
    found = re.search(r"LSTM\((\d+), (\d+)\)", exercise.question)
    assert found is not None
    inputs, units = map(int, found.groups())
    of_one = units * (inputs + units) + 2 * units
    return {f"{4 * of_one}", f"{of_one}"}


@check(78)
def test_rows_that_change() -> Recomputed:
    table, cell = nn.Embedding(50, 4), nn.RNN(4, 3)
    words = torch.tensor([7, 3, 7])
    cell(table(words))[0].sum().backward()
    assert table.weight.grad.abs().sum(dim=1).nonzero().flatten().tolist() == [3, 7]
    return set()


@check_draws(78)
def test_drawn_table(exercise: Drawn) -> Recomputed:
    words, size, length = map(int, numerals_in_order(exercise.question))
    return {f"{words * size}", f"{length * size}"}


@check(79)
def test_both_directions() -> Recomputed:
    both, back = nn.LSTM(4, 3, bidirectional=True), nn.LSTM(4, 3)
    back.load_state_dict({name: both.state_dict()[f"{name}_reverse"] for name in back.state_dict()})
    x = torch.randn(6, 4)
    torch.testing.assert_close(both(x)[0][:, 3:], back(x.flip(0))[0].flip(0))
    return set()


@check_draws(79)
def test_drawn_both(exercise: Drawn) -> Recomputed:
    units, classes = map(int, numerals_in_order(exercise.question))
    return {f"{2 * units}", f"{2 * units * classes + classes}"}
