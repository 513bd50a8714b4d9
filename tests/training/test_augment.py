import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from explorer.training import augment


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(40, 3, 12, 10, generator=generator(1))


def test_flip_mirrors_about_half(images: Tensor) -> None:
    flipped = augment.flip(images, generator())
    mirrored = 0
    for before, after in zip(images.numpy(), flipped.numpy(), strict=True):
        if not np.array_equal(before, after):
            assert np.array_equal(after, before[:, :, ::-1])
            mirrored += 1
    assert 10 < mirrored < 30


@pytest.mark.parametrize("pixels", [1, 3])
def test_shift_is_a_window_of_the_reflected_picture(images: Tensor, pixels: int) -> None:
    shifted = augment.shift(images, pixels, generator())
    assert shifted.shape == images.shape
    offsets = []
    for before, after in zip(images.numpy(), shifted.numpy(), strict=True):
        padded = np.pad(before, [(0, 0), (pixels, pixels), (pixels, pixels)], mode="reflect")
        places = [
            (top, left)
            for top in range(2 * pixels + 1)
            for left in range(2 * pixels + 1)
            if np.array_equal(after, padded[:, top : top + 12, left : left + 10])
        ]
        assert len(places) == 1
        offsets += places
    rows, columns = zip(*offsets, strict=True)
    assert set(rows) == set(columns) == set(range(2 * pixels + 1))  # each picture its own, both ends included


@pytest.mark.parametrize("size", [3, 4, 8])
def test_cutout_sets_one_square_to_zero(images: Tensor, size: int) -> None:
    images = images + 1
    cut = augment.cutout(images, size, generator())
    largest = 0
    for before, after in zip(images, cut, strict=True):
        hole = (after == 0).all(0)
        assert torch.equal(after, before.masked_fill(hole, 0))
        rows, columns = hole.any(1).nonzero().flatten(), hole.any(0).nonzero().flatten()
        assert hole.sum() == len(rows) * len(columns)  # a filled rectangle, a square where the border does not cut it
        assert int(rows[-1] - rows[0]) + 1 == len(rows) <= size
        assert int(columns[-1] - columns[0]) + 1 == len(columns) <= size
        largest = max(largest, min(len(rows), len(columns)))
    assert largest in (size - 1, size)


def test_crop_of_the_whole_picture_is_the_picture() -> None:
    images = torch.rand(3, 3, 16, 16, generator=generator())
    whole = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(3, 4)
    assert torch.allclose(augment.crop(images, whole, 16), images, atol=1e-6)


def test_crop_of_a_quarter_is_a_slice() -> None:
    images = torch.rand(2, 3, 16, 16, generator=generator())
    crops = torch.tensor([[-0.5, -0.5, 0.5, 0.5], [0.5, -0.5, 0.5, 0.5]])  # top left, top right: x comes first
    cut = augment.crop(images, crops, 8)
    assert torch.allclose(cut[0], images[0, :, :8, :8], atol=1e-6)
    assert torch.allclose(cut[1], images[1, :, :8, 8:], atol=1e-6)


def test_crop_at_half_the_size_is_the_mean_of_four_pixels() -> None:
    images = torch.rand(1, 3, 16, 16, generator=generator())
    half = augment.crop(images, torch.tensor([[0.0, 0.0, 1.0, 1.0]]), 8)
    means = images.numpy().reshape(1, 3, 8, 2, 8, 2).mean((3, 5))
    assert np.allclose(half.numpy(), means, atol=1e-6)


def test_random_crops_lie_in_the_picture() -> None:
    x, y, half_width, half_height = augment.random_crops(2000, (0.3, 0.9), generator()).unbind(1)
    for centre, half in ((x, half_width), (y, half_height)):
        assert (centre - half).min() >= -1 - 1e-6
        assert (centre + half).max() <= 1 + 1e-6
    area, ratio = half_width * half_height, half_width / half_height
    assert area.max() <= 0.9 + 1e-6
    assert area.min() >= 0.3 - 1e-6  # of the widest crops the picture's border takes a little, of these not
    assert ratio.min() >= 0.75 - 1e-3
    assert ratio.max() <= 4 / 3 + 1e-3
    assert area.max() - area.min() > 0.5


def test_colour_without_strength_changes_nothing() -> None:
    images = torch.rand(4, 3, 6, 6, generator=generator())
    assert torch.allclose(augment.colour(images, 0.0, generator()), images, atol=1e-6)


def test_colour_keeps_grey_grey_and_the_range() -> None:
    grey = torch.rand(50, 1, 6, 6, generator=generator()).expand(50, 3, 6, 6)
    changed = augment.colour(grey, 0.4, generator())
    assert torch.allclose(changed, changed[:, :1].expand_as(changed), atol=1e-6)
    assert changed.min() >= 0
    assert changed.max() <= 1
    flat = torch.full((50, 3, 6, 6), 0.5)  # no contrast and no saturation: only brightness is left
    brightness = augment.colour(flat, 0.4, generator())[:, 0, 0, 0] / 0.5
    assert 0.6 <= brightness.min() < 0.8
    assert 1.2 < brightness.max() <= 1.4


def test_the_same_generator_draws_the_same() -> None:
    images = torch.rand(8, 3, 12, 12, generator=generator(1))
    for change in (
        augment.flip,
        lambda x, g: augment.shift(x, 2, g),
        lambda x, g: augment.cutout(x, 4, g),
        lambda x, g: augment.colour(x, 0.2, g),
    ):
        assert torch.equal(change(images, generator(5)), change(images, generator(5)))
        assert not torch.equal(change(images, generator(5)), change(images, generator(6)))


@given(count=st.integers(1, 6), size=st.integers(2, 12), seed=st.integers(0, 1000))
def test_cutmix_puts_a_rectangle_of_another_picture_and_says_how_much_is_left(count: int, size: int, seed: int) -> None:
    # Every picture is one number, so each pixel says whose it is.
    images = torch.arange(count).float().view(-1, 1, 1, 1).expand(count, 3, size, size)
    mixed, partner, share = augment.cutmix(images, torch.Generator().manual_seed(seed))
    for index in range(count):
        theirs = mixed[index, 0] == float(partner[index])
        assert ((mixed[index, 0] == float(index)) | theirs).all()
        assert (mixed[index] == mixed[index, :1]).all()
        if partner[index] != index:
            assert share[index].item() == pytest.approx(1 - theirs.float().mean().item(), abs=1e-6)
            rows, columns = theirs.any(1).nonzero(), theirs.any(0).nonzero()
            if len(rows):
                assert theirs[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()
