from math import sqrt
from statistics import fmean, pstdev, pvariance, variance

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order

BATCH = [0, 2, 4, 10]


@check(70)
def test_root_of_the_variance() -> Recomputed:
    mean, spread = fmean(BATCH), pvariance(BATCH)
    by_variance = pstdev((value - mean) / spread for value in BATCH)
    by_root = pstdev((value - mean) / sqrt(spread) for value in BATCH)
    normed = nn.BatchNorm1d(1)(torch.tensor(BATCH, dtype=torch.float32)[:, None])
    assert abs(normed.std(correction=0).item() - by_root) < 1e-5
    return {*map(str, BATCH), f"{spread:.0f}", f"{by_variance:.3f}", f"{by_root:.0f}"}


@check_draws(70)
def test_drawn_output(exercise: Drawn) -> Recomputed:
    *values, gamma, beta = map(float, numerals_in_order(exercise.question))
    mean, spread = fmean(values), pvariance(values)
    return {f"{gamma * (values[0] - mean) / sqrt(spread) + beta:.3f}", f"{mean:g}", f"{spread:.5g}"}


@check(71)
def test_running_variance() -> Recomputed:
    layer = nn.BatchNorm1d(1, momentum=1.0)
    layer(torch.tensor(BATCH, dtype=torch.float32)[:, None])
    assert abs(layer.running_var.item() - variance(BATCH)) < 1e-4
    return {*map(str, BATCH), f"{layer.eps:g}", f"{layer.running_var.item():.2f}", f"{pvariance(BATCH):.0f}"}


@check_draws(71)
def test_drawn_running(exercise: Drawn) -> Recomputed:
    _, old, momentum, *values = map(float, numerals_in_order(exercise.question))
    mean, spread = momentum * fmean(values), (1 - momentum) * old + momentum * variance(values)
    return {f"{mean:.4g}", f"{spread:.5g}"}


@check(72)
def test_scale_of_weights() -> Recomputed:
    torch.manual_seed(0)
    x, times = torch.randn(16, 3, dtype=torch.float64), 10
    outputs, gradients = [], []
    start = torch.randn(4, 3, dtype=torch.float64)
    for weight in (start.clone().requires_grad_(), (times * start).requires_grad_()):
        output = functional.batch_norm(functional.linear(x, weight), None, None, training=True, eps=1e-12)
        (output * torch.arange(64.0).reshape(16, 4).sin()).sum().backward()
        outputs.append(output)
        gradients.append(weight.grad)
    torch.testing.assert_close(outputs[0], outputs[1])
    share = gradients[1] / gradients[0]
    torch.testing.assert_close(share, torch.full_like(share, share.mean().item()))
    return {f"{times}", f"{share.mean().item():.1f}"}


@check(73)
def test_who_shares_a_mean() -> Recomputed:
    shape = (8, 16, 32, 32)
    layer = nn.BatchNorm2d(shape[1])
    torch.manual_seed(0)
    x = torch.randn(shape) * 3 + 5
    output = layer(x)
    assert output.mean(dim=(0, 2, 3)).abs().max() < 1e-4
    assert (output.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-3
    x[:, 3] += 100  # another channel does not notice
    torch.testing.assert_close(layer(x)[:, 4], output[:, 4])
    learned = sum(each.numel() for each in layer.parameters())
    brightest = np.iinfo(np.uint8).max
    return {*map(str, shape), f"{layer.running_mean.numel()}", f"{x[:, 0].numel()}", f"{learned}", f"{brightest}"}


@check_draws(73)
def test_drawn_shared(exercise: Drawn) -> Recomputed:
    batch, channels, rows, columns = map(int, numerals_in_order(exercise.question))
    return {f"{channels}", f"{torch.zeros(batch, channels, rows, columns)[:, 0].numel()}", f"{2 * channels}"}
