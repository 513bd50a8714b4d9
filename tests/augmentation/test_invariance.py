"""Motions against exact ones; invariance and equivariance of networks whose answers are known."""

from itertools import permutations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from explorer.anatomy import LayerUnknown, record
from explorer.augmentation import MOTIONS, Motion, PipelineRejected, compare_maps, measure_invariance, move_pixels
from explorer.augmentation.invariance import chance_cosine, cosine
from tests.anatomy.networks import as_model, open_shipped


@pytest.fixture
def planes() -> torch.Tensor:
    return torch.rand(3, 20, 32)


def close(first: torch.Tensor, second: torch.Tensor) -> bool:
    return bool(torch.allclose(first, second, atol=1e-4))


def test_motions_that_move_cells_onto_cells_are_exact(planes: torch.Tensor) -> None:
    square = planes[:, :, :20]
    assert close(Motion().apply(planes), planes)
    assert close(Motion(mirrored=True).apply(planes), planes.flip(2))
    assert close(Motion(angle=180).apply(planes), planes.flip(1, 2))
    assert close(Motion(angle=90).apply(square), square.rot90(1, (1, 2)))
    assert close(Motion(angle=-90).apply(square), square.rot90(-1, (1, 2)))
    right = Motion(shift=(0.25, 0.0)).apply(planes)  # eight columns
    assert close(right[:, :, 8:], planes[:, :, :-8])
    assert not right[:, :, :8].any()
    down = Motion(shift=(0.0, 0.25)).apply(planes)  # five rows
    assert close(down[:, 5:], planes[:, :-5])
    assert Motion(shift=(0.25, 0.0)).inside(planes).sum() == 20 * 24


def test_other_motions_are_those_of_torchvision(planes: torch.Tensor) -> None:
    for angle, scale, right, down in ((20.0, 1.0, 0, 0), (-35.0, 1.5, 0, 0), (10.0, 0.8, 4, -3)):
        motion = Motion(angle, scale, (right / 32, down / 20))
        wanted = F.affine(planes, -angle, [right, down], scale, [0, 0], InterpolationMode.BILINEAR)
        inside = motion.inside(planes)
        assert inside.float().mean() > 0.3
        assert close(motion.apply(planes)[:, inside], wanted[:, inside])


def test_order_is_mirror_turn_zoom_shift(planes: torch.Tensor) -> None:
    square = planes[:, :, :20]
    both = Motion(angle=90, mirrored=True, shift=(0.2, 0.0)).apply(square)
    wanted = square.flip(2).rot90(1, (1, 2))
    assert close(both[:, :, 4:], wanted[:, :, :-4])


def test_there_is_no_motion_without_numbers() -> None:
    for wrong in ({"scale": 0.0}, {"scale": -1.0}, {"angle": float("nan")}, {"shift": (float("inf"), 0.0)}):
        with pytest.raises(PipelineRejected, match="finite numbers"):
            Motion(**wrong)  # type: ignore[arg-type]


def test_cosines() -> None:
    a, b = torch.rand(4, 6), torch.rand(4, 6)
    wanted = float(nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))
    assert cosine(a, b) == pytest.approx(wanted, abs=1e-6)
    assert cosine(a, -2 * a) == pytest.approx(-1)
    assert cosine(torch.zeros(3), torch.zeros(3)) == 1
    assert cosine(torch.zeros(3), torch.ones(3)) == 0


def test_chance_is_the_mean_over_all_shuffles() -> None:
    a, b = torch.rand(3, 5), torch.rand(3, 5)
    shuffles = [cosine(a, b[:, list(order)]) for order in permutations(range(5))]
    assert chance_cosine(a, b) == pytest.approx(float(np.mean(shuffles)), abs=1e-9)
    assert chance_cosine(torch.zeros(3, 5), torch.zeros(3, 5)) == 1
    one = torch.rand(3, 1)
    assert chance_cosine(one, 2 * one) == pytest.approx(1)


class Known(nn.Module):
    """A convolution that mirrors, a mean, and what counts columns: it follows, it stays, it does neither."""

    def __init__(self) -> None:
        super().__init__()
        self.follows = nn.Conv2d(3, 4, 1)
        self.averages = nn.AdaptiveAvgPool2d(1)
        self.reads = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.reads(self.averages(self.follows(x)).flatten(1))


@pytest.mark.parametrize("motion", [Motion(mirrored=True), Motion(angle=90), Motion(angle=-90, mirrored=True)])
def test_a_layer_that_sees_one_pixel_follows_exactly_and_a_mean_stays(motion: Motion, photo: Image.Image) -> None:
    torch.manual_seed(0)
    model = as_model(Known(), classes=2)
    found = measure_invariance(model, photo, motion)
    follows, stays = found.layers[:2]
    assert (follows.name, stays.name) == ("follows", "averages")
    assert follows.equivariance == pytest.approx(1, abs=1e-5)
    assert follows.seen == 1
    assert follows.invariance < 0.99
    assert stays.invariance == pytest.approx(1, abs=1e-5)
    assert stays.equivariance is None
    assert found.layers[-1].invariance == pytest.approx(1, abs=1e-4)
    assert np.array_equal(found.changed, move_pixels(model.preprocessing.pixels(photo), motion))


def test_a_shift_leaves_out_what_came_in_from_outside(photo: Image.Image) -> None:
    torch.manual_seed(0)
    found = measure_invariance(as_model(Known(), classes=2), photo, Motion(shift=(0.25, 0.0)))
    assert found.layers[0].seen == pytest.approx(0.75)
    assert found.layers[0].equivariance == pytest.approx(1, abs=1e-5)
    assert (found.changed[:, :8] == 0).all()


def test_shipped_networks_follow_first_and_stay_last(photo: Image.Image) -> None:
    model = open_shipped("tiny-vgg")
    found = measure_invariance(model, photo, MOTIONS["Shift by an eighth"])
    recording = record(model, model.preprocessing.tensor(photo))
    assert [layer.name for layer in found.layers] == list(recording.layers)
    assert all(layer.shape == recording[layer.name].facts.shape for layer in found.layers)
    first, last = found.layers[0], found.layers[-1]
    assert first.equivariance is not None
    assert first.equivariance > 0.9  # not 1: the black edge reaches the cells beside it
    assert first.invariance < first.equivariance - 0.2
    assert last.equivariance is None
    assert all(-1 <= number <= 1 + 1e-9 for layer in found.layers for number in (layer.invariance, layer.chance))


def test_nothing_moves_without_a_motion(photo: Image.Image) -> None:
    model = open_shipped("tiny-vgg")
    for found in (measure_invariance(model, photo, Motion()), measure_invariance(model, photo, augmented=photo)):
        assert all(layer.invariance == pytest.approx(1, abs=1e-5) for layer in found.layers)
    assert all(layer.equivariance is None for layer in measure_invariance(model, photo, augmented=photo).layers)
    still = [
        layer.equivariance
        for layer in measure_invariance(model, photo, Motion()).layers
        if layer.equivariance is not None
    ]
    assert still == [pytest.approx(1, abs=1e-4)] * len(still)


def test_a_motion_that_leaves_nothing_gives_no_equivariance(photo: Image.Image) -> None:
    found = measure_invariance(open_shipped("tiny-vgg"), photo, Motion(shift=(2.0, 0.0)))
    assert {layer.equivariance for layer in found.layers} == {None}
    assert {layer.seen for layer in found.layers} == {1.0}


def test_both_or_neither_is_refused(photo: Image.Image) -> None:
    model = open_shipped("tiny-vgg")
    for arguments in ({}, {"motion": Motion(), "augmented": photo}):
        with pytest.raises(PipelineRejected, match="either a motion or another picture"):
            measure_invariance(model, photo, **arguments)  # type: ignore[arg-type]


def test_maps_are_compared(photo: Image.Image) -> None:
    model = open_shipped("tiny-vgg")
    turned = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    found = compare_maps(model, "features.conv2_1", photo, turned)
    for image, maps in ((photo, found.original), (turned, found.augmented)):
        wanted = record(model, model.preprocessing.tensor(image))["features.conv2_1"].maps.numpy()
        assert np.array_equal(maps, wanted)
    assert np.array_equal(found.difference, found.augmented - found.original)
    same = compare_maps(model, "features.relu1_1", photo, photo)
    assert same.cosine == pytest.approx(1)
    with pytest.raises(LayerUnknown):
        compare_maps(model, "nothing", photo, turned)
