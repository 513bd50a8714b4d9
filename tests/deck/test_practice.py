"""Cards on training in practice: Hessians and steps of plain gradient descent, and PyTorch's dropout."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


def _numbers(exercise: Drawn) -> list[float]:
    return [float(text) for text in numerals_in_order(exercise.question)]


def _curvatures(spreads: list[float]) -> Tensor:
    """Of half the mean squared error of a linear model, for columns with mean 0 that do not correlate."""
    columns = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    columns = columns * torch.tensor(spreads, dtype=torch.float64)
    loss = lambda weights: ((columns @ weights - 1) ** 2).mean() / 2  # noqa: E731
    hessian = torch.autograd.functional.hessian(loss, torch.zeros(2, dtype=torch.float64))
    return torch.linalg.eigvalsh(hessian).flip(0)


def _descend(curvature: float, rate: float, steps: int) -> float:
    w = torch.ones((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], rate)
    for _ in range(steps):
        optimiser.zero_grad()
        (curvature * w**2 / 2).backward()
        optimiser.step()
    return float(w.detach())


@check(16)
def test_the_large_column_sets_the_rate() -> Recomputed:
    spreads = [100.0, 0.01]
    large, small = map(float, _curvatures(spreads))
    most = 2 / large
    assert abs(_descend(large, 0.99 * most, 500)) < 0.01
    assert abs(_descend(large, 1.01 * most, 500)) > 100
    assert _descend(small, 0.99 * most, 500) > 0.9999
    return {*(f"{spread:g}" for spread in spreads), f"{large:.0f}", f"{small:.4f}", f"{most:.4f}"}


@check_draws(16)
def test_drawn_scales(exercise: Drawn) -> Recomputed:
    large, small = _curvatures(_numbers(exercise)[-2:])
    return {f"{large:.0f}", f"{small:.2f}", f"{2 / large:g}"}


@check(17)
def test_a_rate_on_a_parabola() -> Recomputed:
    c = 4.0
    assert _descend(c, 1 / c, 1) == 0
    steps = [_descend(c, 1.5 / c, steps) for steps in range(30)]
    assert all(one * next < 0 for one, next in pairwise(steps))
    assert abs(steps[-1]) < 1e-6
    assert abs(_descend(c, 2.1 / c, 100)) > 1000
    return set()


@check_draws(17)
def test_drawn_rates(exercise: Drawn) -> Recomputed:
    curvature, *_, rate, _ = _numbers(exercise)
    after = _descend(curvature, rate, 3)
    later = abs(_descend(curvature, rate, 100))
    assert later < 1e-3 or later > 1e3
    assert exercise.answer.endswith("so it gets there." if later < 1 else "so it grows without bound.")
    return {f"{after:.4f}", f"{_descend(curvature, rate, 1):g}"}


@check(18)
def test_a_mask_for_each_example() -> Recomputed:
    p = 0.2
    torch.manual_seed(0)
    ones = torch.ones(1000, 50, dtype=torch.float64)
    given = functional.dropout(ones, p)
    assert len(given.unique(dim=0)) > 900
    assert abs(given.mean() - 1) < 0.02
    assert abs((given == 0).double().mean() - p) < 0.02
    return {f"{p}", f"{given.max():g}"}


@check_draws(18)
def test_drawn_dropouts(exercise: Drawn) -> Recomputed:
    *values, p = _numbers(exercise)
    dropped = [name in exercise.question for name in ("first", "second", "third", "fourth")]
    kept = functional.dropout(torch.ones(4000, dtype=torch.float64), p).max()  # what PyTorch makes of 1
    given = [0.0 if off else value * float(kept) for off, value in zip(dropped, values, strict=True)]
    return {*(f"{value:.3f}" for value in given), f"{1 - p:g}"}


@check(21)
def test_noise_keeps_a_rate_from_settling() -> Recomputed:
    rates = 0.5, 0.1, 0.02
    torch.manual_seed(0)
    w = torch.zeros(len(rates), 20_000, dtype=torch.float64)
    rate = torch.tensor(rates, dtype=torch.float64)[:, None]
    settled = torch.zeros(len(rates), dtype=torch.float64)
    for _ in range(2000):  # the mean of w²: a step multiplies w by 1 - rate and adds noise of variance rate²
        settled = (1 - rate[:, 0]) ** 2 * settled + rate[:, 0] ** 2
    for _ in range(150):
        w -= rate * (w + torch.randn_like(w))
    torch.testing.assert_close((w**2).mean(1), settled, rtol=0.03, atol=0)
    return {*map(str, rates), *(f"{square:.3f}" for square in settled)}


@check(27)
def test_dropout_is_off_in_evaluation() -> Recomputed:
    torch.manual_seed(0)
    layer, x = nn.Dropout(0.3), torch.rand(40, dtype=torch.float64)
    in_training = torch.stack([layer(x) for _ in range(20_000)])
    assert in_training.std(0).min() > 0
    layer.eval()
    assert torch.equal(layer(x), x)
    torch.testing.assert_close(in_training.mean(0), x, rtol=0.03, atol=0)
    return set()


@check(28)
def test_a_dim_picture_stays_dim() -> Recomputed:
    mean, std, pixel = 0.5, 0.25, 0.6
    picture = torch.rand(100, dtype=torch.float64)
    own = [(each - each.mean()) / each.std() for each in (picture, picture / 2)]
    torch.testing.assert_close(*own)
    return {f"{mean}", f"{std}", f"{pixel}", f"{(pixel - mean) / std:.1f}", f"{(pixel / 2 - mean) / std:.1f}"}


@check_draws(28)
def test_drawn_lights(exercise: Drawn) -> Recomputed:
    mean, std, _, _, light, _, dim = _numbers(exercise)
    return {f"{(level / 255 - mean) / std:.3f}" for level in (light, dim)}
