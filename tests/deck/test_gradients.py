"""Cards on gradients: autograd, and random networks of fifty layers."""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def _numbers(exercise: Drawn) -> list[Tensor]:
    return [torch.tensor(float(text), dtype=torch.float64) for text in numerals_in_order(exercise.question)]


@check(6)
def test_a_small_step_lowers_the_loss_by_the_square_of_the_gradient() -> Recomputed:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).double()
    x, y = torch.randn(20, 3, dtype=torch.float64), torch.randint(2, (20,))
    before = functional.cross_entropy(net(x), y)
    before.backward()
    square = sum(parameter.grad.pow(2).sum() for parameter in net.parameters())
    kept, rate = [parameter.detach().clone() for parameter in net.parameters()], 1e-5
    for sign in (-1, 1):
        with torch.no_grad():
            for parameter, start in zip(net.parameters(), kept, strict=True):
                parameter.copy_(start + sign * rate * parameter.grad)
        change = functional.cross_entropy(net(x), y) - before
        torch.testing.assert_close(change, sign * rate * square, rtol=1e-3, atol=0)
    return set()


@check_draws(6)
def test_drawn_steps(exercise: Drawn) -> Recomputed:
    weight, bias, x, truth, rate = _numbers(exercise)
    optimiser = torch.optim.SGD([weight.requires_grad_(), bias.requires_grad_()], float(rate))
    functional.binary_cross_entropy_with_logits(weight * x + bias, truth).backward()
    slopes = {f"{weight.grad:.4f}", f"{bias.grad:.4f}"}
    optimiser.step()
    return {*slopes, f"{weight:.4f}", f"{bias:.4f}"}


@check(7)
def test_what_comes_back_is_used_again() -> Recomputed:
    """The gradient of each layer's weight is that of its sums times what came in, for every layer of one pass."""
    torch.manual_seed(0)
    layers = [nn.Linear(4, 5), nn.Linear(5, 3), nn.Linear(3, 2)]
    x, inputs, sums = torch.randn(1, 4), [], []
    for layer in layers:
        inputs.append(torch.sigmoid(sums[-1]) if sums else x)
        sums.append(layer(inputs[-1]))
        sums[-1].retain_grad()
    functional.cross_entropy(sums[-1], torch.tensor([1])).backward()
    for layer, given, z in zip(layers, inputs, sums, strict=True):
        torch.testing.assert_close(layer.weight.grad, z.grad.T @ given)
    for before, layer, z in zip(sums, layers[1:], sums[1:], strict=False):
        s = torch.sigmoid(before)
        torch.testing.assert_close(before.grad, z.grad @ layer.weight * s * (1 - s))
    return set()


@check_draws(7)
def test_drawn_paths(exercise: Drawn) -> Recomputed:
    x, w, *outer = _numbers(exercise)
    w.requires_grad_()
    z = w * x
    hidden = torch.sigmoid(z)
    logits = (hidden * torch.stack(outer)).requires_grad_()
    loss = functional.cross_entropy(logits[None], torch.tensor([0]))
    by_logits, by_weight = torch.autograd.grad(loss, (logits, w), retain_graph=True)
    (slope,) = torch.autograd.grad(hidden, z)
    return {f"{slope:.4f}", *(f"{each:.4f}" for each in by_logits), f"{by_weight:.4f}"}


@check(19)
def test_slopes_of_sigmoids_multiply_to_nothing() -> Recomputed:
    x = torch.linspace(-5, 5, 1001, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(torch.sigmoid(x).sum(), x)
    steepest, layers = slopes.max(), 50
    return {f"{steepest:.2f}", f"{layers}", f"{steepest.expand(layers).prod():.0e}"}


@check_draws(19)
def test_drawn_products(exercise: Drawn) -> Recomputed:
    layers, weight = _numbers(exercise)
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (steepest,) = torch.autograd.grad(torch.sigmoid(x), x)
    product = (steepest * weight).expand(int(layers)).prod()
    return {f"{steepest:.2f}", f"{product:.1e}"}


def _change_of_norm(layers: int, units: int, sigma: float) -> float:
    """Of a random gradient on its way back through a random ReLU network, in float64; the root of the mean square."""
    generator = torch.Generator().manual_seed(0)
    changes = []
    for _ in range(2):
        weights = sigma * torch.randn(layers, units, units, generator=generator, dtype=torch.float64)
        first = torch.randn(16, units, generator=generator, dtype=torch.float64, requires_grad=True)
        h = first
        for weight in weights:
            h = functional.relu(h @ weight.T)
        upstream = torch.randn(h.shape, generator=generator, dtype=torch.float64)
        (down,) = torch.autograd.grad(h, first, upstream)
        changes.append(down.pow(2).mean() / upstream.pow(2).mean())
    return float(torch.stack(changes).mean().sqrt())


@check(20)
def test_relus_neither_save_nor_tame_a_gradient() -> Recomputed:
    layers, sigma, units = 50, 0.3, 256
    weight = torch.empty(units, units)
    expected = {}
    for name, draw in (
        ("xavier", nn.init.xavier_normal_),
        ("he", lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu")),
        ("wide", lambda weight: nn.init.normal_(weight, 0, sigma)),
    ):
        torch.manual_seed(0)
        spread = float(draw(weight).std())
        squared = {"xavier": 1 / units, "he": 2 / units, "wide": sigma**2}[name]
        assert abs(spread / sqrt(squared) - 1) < 0.01
        expected[name] = sqrt(units * squared / 2) ** layers
        assert 1 / 3 < _change_of_norm(layers, units, sqrt(squared)) / expected[name] < 3
    assert abs(expected["he"] - 1) < 1e-9
    return {
        f"{layers}",
        f"{sigma}",
        f"{units}",
        f"{expected['xavier']:.0e}",
        f"{expected['wide']:.0e}".replace("+", ""),
    }


@check_draws(20)
def test_drawn_depths(exercise: Drawn) -> Recomputed:
    layers, units, sigma = (float(each) for each in _numbers(exercise))
    one_layer = units * sigma**2 / 2  # of the mean square
    change = 1.0
    for _ in range(int(layers)):
        change *= sqrt(one_layer)
    torch.manual_seed(0)
    he = torch.empty(int(units), int(units))
    nn.init.kaiming_normal_(he, nonlinearity="relu")
    drawn = sqrt(2 / units)
    assert abs(float(he.std()) / drawn - 1) < 0.05
    return {f"{change:.1e}", f"{drawn:.4f}"}
