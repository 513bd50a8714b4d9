"""Covers painted pixel by pixel, their text form, and what they put in place of the photo."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.saliency import FILLS, MOST_TEXT, Box, Cover, Stroke, cover
from explorer.saliency.faithfulness import make_baseline

from .networks import make_input, open_model

thousandths = st.integers(0, 1000).map(lambda step: step / 1000)
sides = st.lists(thousandths, min_size=2, max_size=2, unique=True).map(sorted)
boxes = st.builds(lambda x, y: Box(x[0], y[0], x[1], y[1]), sides, sides)
strokes = st.builds(
    Stroke,
    st.integers(1, 500).map(lambda step: step / 1000),
    st.lists(st.tuples(thousandths, thousandths), min_size=1, max_size=6).map(tuple),
)
covers = st.lists(boxes | strokes, max_size=5).map(lambda marks: Cover(tuple(marks)))


def distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """From a point to the piece of a line, by complex numbers."""
    point, first, last = complex(x, y), complex(*start), complex(*end)
    if first == last:
        return abs(point - first)
    along = ((point - first) / (last - first)).real
    return abs(point - (first + min(1, max(0, along)) * (last - first)))


def margin(mark: Box | Stroke, x: float, y: float) -> float:
    """How far a point is inside a mark; below zero outside."""
    if isinstance(mark, Box):
        return min(x - mark.left, mark.right - x, y - mark.top, mark.bottom - y)
    pieces = list(zip(mark.points, mark.points[1:], strict=False)) or [(mark.points[0], mark.points[0])]
    return mark.radius - min(distance(x, y, *piece) for piece in pieces)


@given(covers, st.tuples(st.integers(1, 24), st.integers(1, 24)))
def test_a_mask_is_every_pixel_whose_centre_is_covered(painted: Cover, size: tuple[int, int]) -> None:
    mask = painted.mask(size)
    assert mask.shape == size
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = (column + 0.5) / size[1], (row + 0.5) / size[0]
            deepest = max((margin(mark, x, y) for mark in painted.marks), default=-1.0)
            if abs(deepest) > 1e-9:  # exactly on an edge, rounding decides
                assert mask[row, column] == (deepest > 0), (row, column)


@given(covers)
def test_the_text_form_keeps_everything(painted: Cover) -> None:
    text = painted.to_text()
    assert Cover.from_text(text) == painted
    assert all(letter.isalnum() or letter in "._" for letter in text)


def test_what_is_finer_than_a_thousandth_is_rounded() -> None:
    text = Cover((Box(0.12345, 0, 1, 0.5), Stroke(0.0321, ((0.1, 0.2), (0.33333, 1.0))))).to_text()
    assert text == "b.123.0.1000.500_s.32.100.200.333.1000"


@given(st.text(max_size=40) | st.text("bs._0123456789", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        painted = Cover.from_text(text)
    except ValueError:
        return
    assert Cover.from_text(painted.to_text()) == painted


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("b.0.0.500", "four sides"),
        ("b.0.0.500.500.500", "four sides"),
        ("b.500.0.500.500", "left of right"),
        ("b.0.600.500.500", "top above bottom"),
        ("b.0.0.1001.500", "within 0 to 1"),
        ("s.0.500.500", "radius"),
        ("s.501.500.500", "radius"),
        ("s.50.500.500.500", "only one"),
        ("s.50.500.1001", "within 0 to 1"),
        ("c.0.0.500.500", "neither"),
        ("b.-1.0.500.500", "neither"),
        ("b.0.0.500.٥٠٠", "neither"),
        ("b.0.0.500.500_", "neither"),
        ("_".join(["b.0.0.500.500"] * 500), "at most"),
    ],
)
def test_malformed_text_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Cover.from_text(text)


def test_the_longest_text_is_read() -> None:
    text = ("b.0.0.500.500_" * 500)[:MOST_TEXT].rpartition("_")[0]
    assert len(Cover.from_text(text).marks) > 400


def test_marks_that_are_none_are_refused() -> None:
    for sides in ((0.5, 0, 0.5, 1), (0, 0.7, 1, 0.2), (-0.1, 0, 1, 1), (0, 0, 1.1, 1), (0, 0, 0.0001, 1)):
        with pytest.raises(ValueError, match="box"):
            Box(*sides)
    for radius, points in ((0.0, ((0.5, 0.5),)), (0.6, ((0.5, 0.5),)), (0.1, ()), (0.1, ((0.5, 1.5),))):
        with pytest.raises(ValueError, match=r"brush|stroke"):
            Stroke(radius, points)


@pytest.mark.parametrize("fill", FILLS)
def test_only_what_is_covered_changes(fill: str) -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    mask = Cover((Box(0.25, 0.25, 0.75, 0.5), Stroke(0.1, ((0.1, 0.9), (0.9, 0.8))))).mask((32, 32))
    covered = cover(model, x, mask, fill)
    assert covered.shape == x.shape
    where = torch.from_numpy(mask).expand_as(x[0])
    assert torch.equal(covered[0][~where], x[0][~where])
    assert not torch.isclose(covered[0][where], x[0][where]).all()
    if fill != "noise":
        assert torch.equal(covered[0][where], make_baseline(model, x, fill)[0][where])
    assert torch.equal(cover(model, x, np.zeros_like(mask), fill), x)


def test_noise_is_about_the_picture_and_always_the_same() -> None:
    model = open_model("photo-net")
    x = make_input(model)
    everything, half = np.ones((128, 128), bool), Cover((Box(0, 0, 0.5, 1),)).mask((128, 128))
    noise = cover(model, x, everything, "noise", seed=3)
    assert torch.equal(noise, cover(model, x, everything, "noise", seed=3))
    assert torch.equal(noise[..., :64], cover(model, x, half, "noise", seed=3)[..., :64])
    assert not torch.equal(noise, cover(model, x, everything, "noise", seed=4))
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (model.preprocessing.mean, model.preprocessing.std))
    pixels = noise[0] * std + mean
    assert pixels.min() > -1e-6
    assert pixels.max() < 1 + 1e-6
    drawn = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(3))[0]
    free = (pixels > 1e-3) & (pixels < 1 - 1e-3)  # neither black nor white
    wanted = x[0].mean((1, 2), keepdim=True) + drawn * x[0].flatten(1).std(1, correction=0).view(3, 1, 1)
    torch.testing.assert_close(noise[0][free], wanted[free], rtol=1e-4, atol=1e-5)
    assert free.float().mean() > 0.7


def test_what_does_not_fit_is_refused() -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    with pytest.raises(ValueError, match="mask"):
        cover(model, x, np.zeros((16, 32), bool))
    with pytest.raises(ValueError, match="blur, grey, noise"):
        cover(model, x, np.zeros((32, 32), bool), "black")  # type: ignore[arg-type]
