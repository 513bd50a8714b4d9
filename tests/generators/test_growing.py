"""Layers that make maps larger: phases of their kernels, the checkerboard of decoders, the same training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from explorer.generators.growing import decoder
from explorer.generators.growing.checkerboard import BY_CHANCE, measure_checkerboard
from explorer.generators.growing.decoder import PhotoTooSmall, grow_in_slices, prepare, shares_at
from explorer.generators.growing.phases import draw_kernel, find_phases, run_on_ones
from explorer.generators.growing.ways import WAYS, Name
from explorer.slices import finish


@given(seed=st.integers(0, 99), name=st.sampled_from(["k3", "k4"]))
def test_phases_are_those_of_conv_transpose(seed: int, name: Name) -> None:
    kernel = draw_kernel(name, "random", seed)
    layer = nn.ConvTranspose2d(1, 1, len(kernel), 2, 1, len(kernel) % 2, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel))
        made = layer(torch.ones(1, 1, 6, 6, dtype=torch.float64))[0, 0]
        layer.weight.fill_(1.0)
        counts = layer(torch.ones(1, 1, 6, 6, dtype=torch.float64))[0, 0]
    found = find_phases(name, kernel)
    assert tuple(made.shape) == (12, 12)
    np.testing.assert_allclose(found.values, made[6:8, 6:8], atol=1e-12)
    np.testing.assert_array_equal(found.taps, counts[4:6, 4:6])
    np.testing.assert_allclose(run_on_ones(name, kernel), made, atol=1e-12)


def test_counts_are_neither_needed_nor_enough() -> None:
    taps = {name: find_phases(name, draw_kernel(name, "ones", 0)).values.ravel().tolist() for name in WAYS}
    assert taps == {"k3": [1, 2, 2, 4], "k4": [4, 4, 4, 4], "resize": [9, 9, 9, 9]}
    different = {
        start: [find_phases(name, draw_kernel(name, start, 0)).different for name in WAYS]
        for start in ("random", "ones", "bilinear")
    }
    assert different == {"random": [4, 4, 1], "ones": [3, 1, 1], "bilinear": [1, 1, 1]}


@pytest.mark.parametrize("name", ["k3", "k4"])
def test_the_bilinear_kernel_enlarges_as_interpolation_does(name: Name) -> None:
    """Kernel 4 as PyTorch does with corners not aligned; kernel 3 puts every cell where it is, and means between."""
    x = torch.rand(1, 1, 6, 6, dtype=torch.float64)
    kernel = draw_kernel(name, "bilinear", 0)
    layer = WAYS[name].build(1, 1)[0].double()
    assert isinstance(layer, nn.ConvTranspose2d)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(kernel))
        layer.bias.zero_()
        made = layer(x)[0, 0]
    if name == "k4":
        wanted = nn.functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[0, 0]
        torch.testing.assert_close(made[1:-1, 1:-1], wanted[1:-1, 1:-1])
    else:
        torch.testing.assert_close(made[::2, ::2], x[0, 0])
        torch.testing.assert_close(made[1:-1:2, ::2], (x[0, 0, 1:] + x[0, 0, :-1]) / 2)


def test_the_share_is_that_of_the_last_frequency() -> None:
    stripes = np.broadcast_to((-1.0) ** np.arange(16), (1, 8, 16))
    wave = np.broadcast_to(np.sin(2 * np.pi * np.arange(16) / 8), (1, 8, 16))
    assert measure_checkerboard(stripes + 5) == pytest.approx(1)
    assert measure_checkerboard(wave) == pytest.approx(0)
    # Powers are mean squares: 1 of the stripes, 1/2 of a wave of amplitude 1.
    assert measure_checkerboard(3 * wave + stripes) == pytest.approx(1 / (1 + 9 / 2))
    assert measure_checkerboard(np.full((3, 8, 8), 0.7)) == 0
    noise = np.random.default_rng(0).standard_normal((3, 320, 320))
    assert measure_checkerboard(noise) == pytest.approx(BY_CHANCE, rel=0.05)


def test_a_photo_is_cut_to_what_three_doublings_give(photo: Image.Image) -> None:
    assert prepare(photo).shape == (3, 72, 96)
    assert prepare(photo.crop((0, 0, 40, 30))).shape == (3, 24, 40)
    with pytest.raises(PhotoTooSmall, match="less than 16 pixels"):
        prepare(photo.crop((0, 0, 300, 20)))


def test_the_same_training_leaves_what_plain_pytorch_leaves(
    photo: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "SHOWN", (0, 10))
    wanted = prepare(photo.crop((100, 40, 148, 72)))
    before = torch.random.get_rng_state()
    grown = [finish(grow_in_slices(wanted, way, seed, keeps=seed == 5)) for way in WAYS for seed in (5, 6)]
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    network = nn.Sequential(
        *(nn.Upsample(scale_factor=2), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(32, 16, 3, padding=1), nn.ReLU()),
        *(nn.Upsample(scale_factor=2), nn.Conv2d(16, 3, 3, padding=1)),
    )
    noise, target = torch.randn(1, 32, 4, 6), torch.from_numpy(wanted)
    optimiser = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(10):
        loss = ((network(noise)[0] - target) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    made = network(noise)[0].detach()
    error, share = grown[-1].at(10)
    assert error == pytest.approx(float(((made - target) ** 2).mean()), rel=1e-5)
    assert share == pytest.approx(measure_checkerboard(made.numpy()), rel=1e-4)
    assert grown[-1].pictures.size == 0
    first = grown[-2]
    assert first.pictures.shape == (2, 32, 48, 3)
    assert [each.shape for each in first.layers] == [(32, 4, 6), (32, 8, 12), (16, 16, 24), (3, 32, 48)]
    # Before anything is learned transposed convolutions draw the pattern, of either kernel, and resizing does not.
    low = max(shares_at(grown, "resize", 0))
    assert min(*shares_at(grown, "k3", 0), *shares_at(grown, "k4", 0)) > 2 * low
