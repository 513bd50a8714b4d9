"""Cards on neurons: PyTorch's own layers and autograd, and small trainings on scikit-learn's digits."""

from math import floor, log10

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@check(1)
def test_the_first_layer_of_an_mlp_spreads_over_the_picture() -> Recomputed:
    pixels, digits = map(torch.as_tensor, load_digits(return_X_y=True))
    pixels = pixels[:1000].float() / 16
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimiser = torch.optim.Adam(net.parameters(), 0.01)
    for _ in range(100):
        optimiser.zero_grad()
        functional.cross_entropy(net(pixels), digits[:1000]).backward()
        optimiser.step()
    assert (net(pixels).argmax(1) == digits[:1000]).float().mean() > 0.99
    used = net[0].weight[:, pixels.std(0) > 0.1]  # pixels that are not nearly always alike
    squares = used**2
    spread = squares.sum(1) ** 2 / (squares**2).sum(1) / squares.shape[1]  # 1 where all pixels weigh the same
    assert spread.median() > 1 / 3  # a stroke of 3 x 3 pixels would be a tenth
    return set()


@check(2)
def test_a_dense_layer_in_numbers() -> Recomputed:
    layer, rows = nn.Linear(5, 3), torch.randn(4, 5)
    assert layer.weight.shape == (3, 5)
    assert _count(layer) == 3 * (5 + 1)
    extended = torch.cat([layer.weight, layer.bias[:, None]], 1)
    torch.testing.assert_close(layer(rows), rows @ layer.weight.T + layer.bias)
    torch.testing.assert_close(layer(rows), torch.cat([rows, torch.ones(4, 1)], 1) @ extended.T)
    assert _count(nn.PReLU()) == 1
    return set()


@check_draws(2)
def test_drawn_counts(exercise: Drawn) -> Recomputed:
    inputs, hidden, outputs = map(int, numerals_in_order(exercise.question))
    first, second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
    return {f"{_count(first)}", f"{_count(second)}", f"{_count(first) + _count(second)}"}


@check(3)
def test_the_sigmoid_in_float32() -> Recomputed:
    x = torch.linspace(-10, 10, 2001, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sigmoid(x).sum(), x)
    overflows = next(n for n in range(200) if torch.tensor(float(n)).exp().isinf())
    far = 100
    power = torch.tensor(float(far)).exp()
    assert (power / (1 + power)).isnan()
    assert 1 / (1 + torch.tensor(float(-far)).exp()) == 1
    return {f"{torch.sigmoid(torch.tensor(0.0)):g}", f"{slope.max():.2f}", f"{overflows}", f"{far}"}


@check_draws(3)
def test_drawn_sigmoids(exercise: Drawn) -> Recomputed:
    (x,) = (torch.tensor(float(x), dtype=torch.float64) for x in numerals_in_order(exercise.question))
    x.requires_grad_()
    value = torch.sigmoid(x)
    value.backward()
    return {f"{value:.4f}", f"{x.grad:.4f}"}


@check(4)
def test_a_relu_at_and_below_zero() -> Recomputed:
    x = torch.tensor([-2.0, 0.0, 2.0], requires_grad=True)
    functional.relu(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 1]
    dead = nn.Linear(3, 1)
    with torch.no_grad():
        dead.bias.fill_(-10)
    functional.relu(dead(torch.rand(50, 3))).sum().backward()
    assert not dead.weight.grad.any()
    return {f"{nn.LeakyReLU().negative_slope:g}"}


@check_draws(4)
def test_drawn_relus(exercise: Drawn) -> Recomputed:
    *both, bias = map(float, numerals_in_order(exercise.question))
    z = torch.tensor(both[0] * both[2] + both[1] * both[3] + bias, dtype=torch.float64, requires_grad=True)
    value = functional.relu(z)
    value.backward()
    return {f"{z:.2f}", f"{value:.2f}", f"{z.grad:g}"}


@check(9)
def test_six_linear_layers_are_one() -> Recomputed:
    torch.manual_seed(0)
    units = 64
    layers = [nn.Linear(units, units, dtype=torch.float64) for _ in range(6)]
    x = torch.randn(100, units, dtype=torch.float64)
    weight, bias = torch.eye(units, dtype=torch.float64), torch.zeros(units, dtype=torch.float64)
    for layer in layers:
        weight, bias = layer.weight @ weight, layer.weight @ bias + layer.bias
    difference = float((nn.Sequential(*layers)(x) - (x @ weight.T + bias)).detach().abs().max())
    assert difference > 0
    return {f"{units}", f"1e{floor(log10(difference))}"}


@check_draws(9)
def test_drawn_pairs_of_neurons(exercise: Drawn) -> Recomputed:
    w, b, v, c = map(float, numerals_in_order(exercise.question))
    x = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    y = v * (w * x + b) + c
    y.backward()
    return {f"{x.grad:.2f}", f"{y:.2f}"}


@check(29)
def test_a_convolution_beside_a_dense_layer() -> Recomputed:
    maps, kernel, side = 16, 3, 28
    convolution, dense = nn.Conv2d(1, maps, kernel), nn.Linear(side * side, maps)
    _assert_an_mlp_does_not_mind_the_order()
    _assert_a_cnn_minds_the_order()
    _assert_maps_move_along()
    return {f"{maps}", f"{kernel}", f"{side}", f"{_count(convolution)}", f"{_count(dense)}"}


def _assert_an_mlp_does_not_mind_the_order() -> None:
    """Shuffled pixels with the first layer's columns shuffled alike: the same losses at every step."""
    pixels, digits = map(torch.as_tensor, load_digits(return_X_y=True))
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    losses = []
    for shuffled in (False, True):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)).double()
        if shuffled:
            net[0].weight.data = net[0].weight.data[:, order]
        losses.append(_train(net, (pixels[:200, order] if shuffled else pixels[:200]) / 16, digits[:200]))
    torch.testing.assert_close(*losses)
    assert losses[0][-1] < losses[0][0] / 2


def _assert_a_cnn_minds_the_order() -> None:
    """It loses 4 to 9 points of a hundred for each seed from 0 to 3."""
    pixels, digits = map(torch.as_tensor, load_digits(return_X_y=True))
    order = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    right = []
    for each in (pixels, pixels[:, order]):
        pictures = each.reshape(-1, 1, 8, 8).float() / 16
        torch.manual_seed(2)
        net = nn.Sequential(
            *(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3), nn.ReLU()),
            *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
        )
        optimiser = torch.optim.Adam(net.parameters(), 0.02)
        for _ in range(40):
            optimiser.zero_grad()
            functional.cross_entropy(net(pictures[:500]), digits[:500]).backward()
            optimiser.step()
        right.append((net(pictures[1000:]).argmax(1) == digits[1000:]).double().mean())
    assert right[0] > right[1] + 0.03


def _train(net: nn.Module, pixels: Tensor, digits: Tensor) -> Tensor:
    optimiser, losses = torch.optim.SGD(net.parameters(), 0.5), []
    for _ in range(20):
        optimiser.zero_grad()
        losses.append(functional.cross_entropy(net(pixels), digits))
        losses[-1].backward()
        optimiser.step()
    return torch.stack(losses).detach()


def _assert_maps_move_along() -> None:
    """With stride 1 and away from the borders; nowhere with stride 2."""
    picture, kernel = torch.randn(1, 1, 12, 12), torch.randn(1, 1, 3, 3)
    moved = picture.roll(1, -1)
    for stride in (1, 2):
        before, after = (functional.conv2d(x, kernel, stride=stride, padding=1) for x in (picture, moved))
        alike = torch.isclose(before.roll(1, -1), after, atol=1e-5)
        assert alike[..., 2:-2].all() == (stride == 1)
        assert not alike.all()


@check_draws(29)
def test_drawn_dense_layers_and_convolutions(exercise: Drawn) -> Recomputed:
    side, _, maps, _, kernel, _ = map(int, numerals_in_order(exercise.question))
    return {f"{_count(nn.Linear(side * side, maps))}", f"{_count(nn.Conv2d(1, maps, kernel))}"}
