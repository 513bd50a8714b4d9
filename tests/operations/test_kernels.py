import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.filters import gabor_kernel
from torch.nn import functional as F

from explorer.operations.kernels import (
    LARGEST,
    PRESETS,
    fit_kernel,
    preset_kernel,
    read_kernel,
    stack_kernels,
    write_kernel,
)

PICTURE = np.random.default_rng(0).random((20, 24))


def filtered(name: str, side: int = 3, **more: float) -> np.ndarray:
    return ndimage.correlate(PICTURE, preset_kernel(name, side, **more).astype(np.float64), mode="constant")


def test_against_scipys_filters() -> None:
    np.testing.assert_allclose(filtered("identity"), PICTURE)
    np.testing.assert_allclose(filtered("box"), ndimage.uniform_filter(PICTURE, 3, mode="constant"), atol=1e-6)
    np.testing.assert_allclose(filtered("sobel x"), ndimage.sobel(PICTURE, axis=1, mode="constant"), atol=1e-6)
    np.testing.assert_allclose(filtered("sobel y"), ndimage.sobel(PICTURE, axis=0, mode="constant"), atol=1e-6)
    np.testing.assert_allclose(filtered("laplacian"), ndimage.laplace(PICTURE, mode="constant"), atol=1e-6)
    sigma = 0.3 * ((7 - 1) * 0.5 - 1) + 0.8
    blurred = ndimage.gaussian_filter(PICTURE, sigma, radius=3, mode="constant")
    np.testing.assert_allclose(filtered("gaussian", 7), blurred, atol=1e-6)


@pytest.mark.parametrize("angle", [0, 30, 90, 135])
def test_the_gabor_kernel_is_scikit_images_but_for_mean_and_scale(angle: float) -> None:
    side, wavelength = 11, 5.0
    own = preset_kernel("gabor", side, angle, wavelength).astype(np.float64)
    theirs = gabor_kernel(
        1 / wavelength, np.deg2rad(angle), sigma_x=0.56 * wavelength, sigma_y=1.12 * wavelength, n_stds=3
    ).real
    middle = np.array(theirs.shape) // 2
    theirs = theirs[middle[0] - 5 : middle[0] + 6, middle[1] - 5 : middle[1] + 6]
    theirs = theirs - theirs.mean()
    np.testing.assert_allclose(own / np.abs(own).sum(), theirs / np.abs(theirs).sum(), atol=1e-6)


def test_a_gabor_kernel_picks_its_stripes() -> None:
    columns = np.cos(2 * np.pi * np.arange(60) / 4)
    upright, lying = np.tile(columns, (60, 1)), np.tile(columns[:, None], (1, 60))
    answers = {
        (angle, name): np.abs(ndimage.correlate(picture, preset_kernel("gabor", 9, angle, 4).astype(float))).max()
        for angle in (0, 90)
        for name, picture in (("upright", upright), ("lying", lying))
    }
    assert answers[0, "upright"] > 5 * answers[0, "lying"]
    assert answers[90, "lying"] > 5 * answers[90, "upright"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_size(name: str) -> None:
    for side in range(1, LARGEST + 1):
        if side < PRESETS[name].smallest:
            with pytest.raises(ValueError, match="exists from"):
                preset_kernel(name, side)
            continue
        kernel = preset_kernel(name, side)
        assert kernel.shape == (side, side)
        assert np.isfinite(kernel).all()
        assert np.abs(kernel).max() > 0
        total = float(kernel.sum())
        wanted = {"sobel x": 0, "sobel y": 0, "laplacian": 0, "gabor": 0}.get(name, 1)
        assert total == pytest.approx(wanted, abs=1e-4 * max(1.0, float(np.abs(kernel).sum())))


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(1, 11), st.integers(1, 11)),
        elements=st.floats(-1000, 1000, width=32),
    )
)
def test_text_and_back(kernel: np.ndarray) -> None:
    np.testing.assert_array_equal(read_kernel(write_kernel(kernel)), kernel)


@pytest.mark.parametrize("text", ["", "a b", "1 2;3", "1;2|1 2", "inf", "nan", "1e9", ";".join(["1"] * 12)])
def test_text_that_is_no_kernel(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_kernel(text)


@pytest.mark.parametrize(("old", "new"), [(3, 5), (5, 3), (3, 4), (4, 3), (2, 5), (1, 11)])
def test_a_resized_kernel_does_the_same_to_a_picture(old: int, new: int) -> None:
    """Padded with zeros about its middle, a kernel gives the same picture where the padding keeps the size."""
    kernel = np.random.default_rng(0).normal(size=(1, old, old)).astype(np.float32)
    fitted = fit_kernel(kernel, new)
    assert fitted.shape == (1, new, new)
    if new < old:
        np.testing.assert_array_equal(fit_kernel(fitted, old)[fit_kernel(fitted, old) != 0], fitted[fitted != 0])
        return
    x = torch.randn(1, 1, 16, 16)
    answers = [F.conv2d(F.pad(x, [8] * 4), torch.from_numpy(k)[None]) for k in (kernel, fitted)]
    # The same numbers, moved by how far the middles lie apart.
    down = new // 2 - old // 2
    size = answers[1].shape[-1]
    torch.testing.assert_close(answers[0][..., down : down + size, down : down + size], answers[1])


@pytest.mark.parametrize(("channels", "groups"), [(3, 1), (3, 3), (1, 1)])
def test_a_kernel_of_one_plane_lies_on_every_channel_it_reads(channels: int, groups: int) -> None:
    kernels = [np.random.default_rng(seed).normal(size=(1, 3, 3)).astype(np.float32) for seed in range(3)]
    weight = stack_kernels(kernels, channels, groups)
    assert weight.shape == (3, channels // groups, 3, 3)
    x = torch.randn(1, channels, 8, 8)
    answers = F.conv2d(x, torch.from_numpy(weight), groups=groups)[0]
    for number, (kernel, answer) in enumerate(zip(kernels, answers, strict=True)):
        read = x[:, [number]] if groups == 3 else x.sum(1, keepdim=True)
        torch.testing.assert_close(answer, F.conv2d(read, torch.from_numpy(kernel)[None])[0, 0], rtol=1e-4, atol=1e-5)


def test_textbook_numbers() -> None:
    """Sobel 1968 and the five-point Laplacian, as books print them, on each of three channels."""
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    laplacian = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
    kernels = [preset_kernel(name, 3)[None] for name in ("sobel x", "sobel y", "laplacian", "box")]
    weight = stack_kernels(kernels, 3, 1)
    books = np.stack([sobel, sobel.T, laplacian, np.full((3, 3), 1 / 9, np.float32)])
    np.testing.assert_array_equal(weight, books[:, None].repeat(3, 1))


def test_three_planes_are_taken_as_they_are() -> None:
    planes = np.random.default_rng(0).normal(size=(3, 3, 3)).astype(np.float32)
    np.testing.assert_array_equal(stack_kernels([planes], 3, 1)[0], planes)
    np.testing.assert_allclose(stack_kernels([planes], 1, 1)[0, 0], planes[0] + planes[1] + planes[2], rtol=1e-5)
