"""Waves, colours and moves, against sums of cosines and whole pixels."""

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from explorer.feature_visualization import fine_share
from explorer.feature_visualization.basis import CONTRAST, draw_start, draw_waves, mix_colours
from explorer.feature_visualization.moving import LARGEST, SHIFT, SMALLEST, TURN, draw_moves, move
from explorer.images import open_image
from explorer.samples import read_sample


@pytest.mark.parametrize("side", [6, 7])
def test_waves_are_a_sum_of_cosines_and_sines_that_fall_off_with_their_frequency(side: int) -> None:
    numbers = torch.randn(2, 3, side, side // 2 + 1, 2, generator=torch.Generator().manual_seed(0)).double()
    rows, columns = np.mgrid[:side, :side]
    weights, waves = np.zeros((side, side // 2 + 1)), np.zeros((2, 3, side, side))
    for u in range(side):
        for v in range(side // 2 + 1):
            frequency = math.hypot(min(u, side - u), v) / side
            frequency = max(frequency, 1 / side)
            weights[u, v] = 1 / frequency / (1 + (5 * frequency) ** 8)
    weights /= np.sqrt((weights**2).mean())
    for u in range(side):
        for v in range(side // 2 + 1):
            angle = 2 * np.pi * (u * rows + v * columns) / side
            twice = 1 if v == 0 or 2 * v == side else 2  # each stands for its mirror image as well
            real, imaginary = (numbers[:, :, u, v, part].numpy()[..., None, None] for part in (0, 1))
            waves += twice * weights[u, v] * (real * np.cos(angle) - imaginary * np.sin(angle)) / side
    found = draw_waves(numbers)
    assert_allclose(found, CONTRAST * mix_colours(torch.from_numpy(waves)), rtol=1e-5, atol=1e-6)


def test_torch_fft_reads_the_numbers_back() -> None:
    side = 16
    numbers = torch.randn(1, 3, side, side // 2 + 1, 2, generator=torch.Generator().manual_seed(1)).double()
    axes = mix_colours(torch.eye(3).double()[:, :, None, None])[
        :, :, 0, 0
    ].T  # RGB of each of the three colours, in columns
    back = torch.einsum("cr,brhw->bchw", torch.linalg.inv(axes), draw_waves(numbers) / CONTRAST)
    spectrum = torch.fft.rfft2(back, norm="ortho")
    scale = (spectrum / torch.view_as_complex(numbers))[0, :, 1:, 1:-1]  # those that have no mirror image of their own
    assert_allclose(scale.imag, 0, atol=1e-3)
    rows, columns = np.meshgrid(np.fft.fftfreq(side)[1:], np.arange(1, side // 2) / side, indexing="ij")
    frequencies = np.hypot(rows, columns)
    falling = scale.real.numpy() * frequencies * (1 + (5 * frequencies) ** 8)
    assert_allclose(falling, falling.mean(), rtol=1e-3)


def test_colours_vary_as_those_of_imagenet() -> None:
    amounts = torch.randn(1, 3, 200, 200, generator=torch.Generator().manual_seed(0))
    found = np.cov(mix_colours(amounts)[0].flatten(1).numpy())
    values, axes = np.linalg.eigh(found)
    assert_allclose(values[::-1] / values[-1], np.array([0.2175, 0.0188, 0.0045]) / 0.2175, atol=0.005)
    assert_allclose(np.abs(axes[:, -1]), [0.5675, 0.5808, 0.5836], atol=0.02)
    assert np.corrcoef(mix_colours(amounts)[0].flatten(1).numpy())[0, 2] > 0.7


def test_fine_detail_is_told_from_coarse() -> None:
    noise = np.random.default_rng(0).random((128, 128, 3))
    assert fine_share(noise) == pytest.approx(1 - math.pi / 16, abs=0.01)
    stripes = np.broadcast_to(np.arange(64)[:, None], (3, 64, 64)).T
    assert fine_share(np.cos(2 * np.pi * stripes / 8)) < 1e-6
    assert fine_share(np.cos(2 * np.pi * stripes / 2)) == pytest.approx(1)
    assert fine_share(np.full((8, 8, 3), 77, np.uint8)) == 0
    photo = open_image(read_sample("coffee")).resize((128, 128))
    assert fine_share(np.asarray(photo)) < 0.1


def test_the_search_in_waves_starts_from_nearly_grey() -> None:
    start = draw_start("waves", 2, 64, torch.Generator().manual_seed(3))
    assert (draw_waves(start).sigmoid() - 0.5).abs().max() < 0.1


def test_a_move_turns_scales_and_shifts_what_is_seen() -> None:
    pictures = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    still = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    torch.testing.assert_close(move(pictures, still), pictures)
    shifted = still.clone()
    shifted[0, 0, 2], shifted[0, 1, 2] = 2 * 3 / 32, -2 * 2 / 32  # three pixels to the right, two up
    torch.testing.assert_close(move(pictures, shifted)[..., 2:, :-3], pictures[..., :-2, 3:])
    moves = draw_moves(500, torch.Generator().manual_seed(0))
    scale, angle = 1 / torch.linalg.det(moves[:, :, :2]).sqrt(), torch.atan2(moves[:, 1, 0], moves[:, 0, 0])
    for values, (least, most) in (
        (scale, (SMALLEST, LARGEST)),
        (angle, (-TURN, TURN)),
        (moves[:, :, 2] / 2, (-SHIFT, SHIFT)),
    ):
        assert least - 1e-6 <= values.min() < least + 0.05 * (most - least)
        assert most - 0.05 * (most - least) < values.max() <= most + 1e-6
