"""The first convolution of a network, taken out of it; a picture and its dim version."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.learning.scale.first_convolution import cut_crops, dim, find_first_convolution
from explorer.learning.scale.normalisation import measure_gap

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


def make_network() -> nn.Sequential:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 20, 3, 2, 1), nn.BatchNorm2d(20)), nn.ReLU(), nn.Conv2d(20, 3, 1)
    )
    norm = network[0][1]
    assert isinstance(norm, nn.BatchNorm2d)
    for each in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        assert each is not None
        nn.init.uniform_(each, 0.5, 2)
    return network.eval().requires_grad_(False)


def test_maps_and_statistics_are_the_networks() -> None:
    network = make_network()
    found = find_first_convolution(network)
    assert (found.name, found.norm_name, found.count) == ("0.0", "0.1", 20)
    x = torch.randn(2, 3, found.side, found.side)
    maps = found.compute_maps(x)
    assert maps.shape == (2, 8, 12, 12)
    kept = list(found.filters)
    np.testing.assert_allclose(maps, network[0][0](x)[:, kept].numpy(), atol=1e-5)
    inner = F.conv2d(x, network[0][0].weight, network[0][0].bias, 2)[:, kept]
    np.testing.assert_allclose(found.compute_maps(x, padded=False), inner.numpy(), atol=1e-5)
    assert found.running_mean is not None
    assert found.running_variance is not None
    scale = found.gamma / np.sqrt(found.running_variance + 1e-5)
    by_hand = (maps - found.running_mean[:, None, None]) * scale[:, None, None] + found.beta[:, None, None]
    np.testing.assert_allclose(by_hand, network[0](x)[:, kept].numpy(), atol=1e-5)
    norms = network[0][0].weight.flatten(1).norm(dim=1)
    assert norms[kept].min() >= max(norms[k] for k in range(20) if k not in kept)


def test_without_a_batch_norm_nothing_is_scaled() -> None:
    found = find_first_convolution(nn.Sequential(nn.Conv2d(3, 5, 5), nn.ReLU()))
    assert (found.norm_name, found.running_mean) == ("", None)
    assert (found.gamma.tolist(), found.beta.tolist()) == ([1.0] * 5, [0.0] * 5)
    with pytest.raises(ValueError, match="no layer of this network"):
        find_first_convolution(nn.Sequential(nn.Conv2d(1, 4, 3)))


@pytest.mark.parametrize("light", [0.1, 0.5])
def test_only_its_own_mean_and_spread_make_a_dim_picture_like_a_bright_one(light: float) -> None:
    pixels = torch.rand(1, 3, 10, 10, dtype=torch.float64)
    mean, std = (torch.tensor(each).double()[:, None, None] for each in (MEAN, STD))
    bright, expected = (pixels - mean) / std, (light * pixels - mean) / std
    dark = dim(bright, light, MEAN, STD)
    torch.testing.assert_close(dark, expected)
    gap = measure_gap(bright[0].numpy(), dark[0].numpy())
    difference = ((1 - light) * pixels / std).square().mean((2, 3)) / bright.var((2, 3), correction=0)
    assert gap == pytest.approx(difference.mean().sqrt().item())
    assert gap > 0.5
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    maps = [F.conv2d(each, weight) for each in (bright, dark)]  # no padding
    own = [F.instance_norm(each, eps=0.0)[0].numpy() for each in maps]
    assert measure_gap(*own) < 1e-9
    scaled = [3 * each[0].numpy() - 7 for each in maps]  # as batch norm does, the same to both
    assert measure_gap(*scaled) == pytest.approx(measure_gap(*(each[0].numpy() for each in maps)))
    assert measure_gap(*scaled) > 0.1


def test_a_picture_of_one_colour_has_no_spread() -> None:
    assert np.isnan(measure_gap(np.full((3, 4, 4), 0.7), np.full((3, 4, 4), 0.2)))


def test_windows_are_parts_of_their_pictures() -> None:
    pictures = torch.arange(2 * 3 * 6 * 6.0).reshape(2, 3, 6, 6)
    windows = cut_crops(pictures, 4, 5, seed=1)
    assert windows.shape == (5, 3, 4, 4)
    for number, window in enumerate(windows):
        places = pictures[number % 2].unfold(1, 4, 1).unfold(2, 4, 1).permute(1, 2, 0, 3, 4).reshape(-1, 3, 4, 4)
        assert any(torch.equal(window, place) for place in places)
