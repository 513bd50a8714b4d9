"""Distances of layers, treatments and patches, against PyTorch, Pillow and what can be said beforehand."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from explorer.adversarial.attacks import AttackImpossible
from explorer.adversarial.drawing import enlarge_change
from explorer.adversarial.layers import compare_layers, draw_signs
from explorer.adversarial.patch import PER_SIDE, PatchTraining, place_patch, try_places
from explorer.adversarial.survival import LOOKS, NOISE, TREATMENTS, cost_in_slices, treat_in_slices
from explorer.slices import finish
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model

pictures = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 256, (2, 8, 8, 3)).astype(np.uint8)
)


class Red(nn.Module):
    """Class 1 where a picture is redder than half on average, class 0 where it is not."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red = x[:, :1].mean((2, 3)) * 40
        return torch.cat([-red, red], 1)


def red() -> VisionModel:
    return as_model(Red(), classes=2)


def test_distances_are_those_of_pytorch_and_random_signs_grow_less() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 4, 3), nn.Flatten(), nn.Linear(3136, 2))
    model = as_model(network, classes=2)
    photo = np.random.default_rng(0).integers(20, 236, (18, 18, 3)).astype(np.uint8)
    model.network[4] = nn.Linear(4 * 14 * 14, 2).requires_grad_(False)
    x = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    x = ((x - 0.5) / 0.25).requires_grad_()
    logits = network(x)[0]
    (gradient,) = torch.autograd.grad(logits[0] - logits[1], x)
    fooled = (photo + 4 * gradient[0].sign().permute(1, 2, 0).numpy()).astype(np.uint8)
    distances = compare_layers(model, photo, fooled)
    before, after = (
        (torch.from_numpy(each).permute(2, 0, 1)[None].double() / 255 - 0.5) / 0.25 for each in (photo, fooled)
    )
    wanted = []
    for module in [nn.Identity(), *network.double()]:
        before, after = module(before), module(after)
        if not isinstance(module, nn.Flatten):
            wanted.append(float((after - before).norm() / before.norm()))
    kept = [place for place, name in enumerate(distances.names) if "flatten" not in name.lower() and name != "3"]
    np.testing.assert_allclose(distances.fooled[kept], wanted, rtol=1e-3)
    assert distances.names[0] == "input"
    assert distances.signs[0] == pytest.approx(distances.fooled[0], rel=1e-6)
    assert distances.signs[-1] < distances.fooled[-1]


@given(pictures, st.integers(0, 9))
def test_random_signs_change_every_value_by_as_much(pair: np.ndarray, seed: int) -> None:
    photo = pair[0].astype(int)
    fooled = np.clip(photo + pair[1].astype(int) % 9 - 4, 0, 255)
    drawn = draw_signs(photo.astype(np.uint8), fooled.astype(np.uint8), seed).astype(int)
    np.testing.assert_array_equal(np.abs(drawn - photo), np.abs(fooled - photo))


@given(pictures)
def test_treatments_are_what_they_are_called(pair: np.ndarray) -> None:
    photo = pair[0]
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=75)
    np.testing.assert_array_equal(TREATMENTS["jpeg75"].looks(photo)[0], np.asarray(Image.open(file)))
    weights = np.exp(-(np.arange(-3, 4) ** 2) / 2)
    weights /= weights.sum()
    wide = np.pad(photo.astype(float), ((3, 3), (3, 3), (0, 0)), "reflect")
    rows = sum(weight * wide[step : step + 8] for step, weight in enumerate(weights))
    blurred = sum(weight * rows[:, step : step + 8] for step, weight in enumerate(weights))
    assert np.abs(TREATMENTS["blur"].looks(photo)[0] - blurred).max() <= 0.51
    assert all(each.looks(photo).shape[1:] == photo.shape for each in TREATMENTS.values())


def test_noise_has_its_spread_and_a_flat_picture_stays_flat() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    looks = TREATMENTS["noise"].looks(grey).astype(float)
    assert len(looks) == LOOKS
    assert looks.std() == pytest.approx(NOISE, rel=0.02)
    assert looks.mean() == pytest.approx(128, abs=0.2)
    for name in ("blur", "crop", "jpeg90"):
        np.testing.assert_array_equal(TREATMENTS[name].looks(grey)[0], grey)


def test_what_survives_is_told_from_what_comes_back() -> None:
    low, high = (np.full((16, 16, 3), value, np.uint8) for value in (120, 136))
    assert {each.outcome for each in finish(treat_in_slices(red(), low, high))} == {"fooled"}
    # Red enough at its left edge alone, which the new crop cuts off.
    edge = low.copy()
    edge[:, 0] = 255
    outcomes = {each.treatment: each.outcome for each in finish(treat_in_slices(red(), low, edge))}
    assert outcomes["crop"] == "recovered"
    # The crop alone makes a red picture of a dark one with its red in the middle.
    middle = low.copy()
    middle[1:, 1:] = 130
    middle[0] = middle[:, 0] = 0
    alone = {each.treatment: each.alone for each in finish(treat_in_slices(red(), middle, high))}
    assert alone["crop"]
    assert not alone["jpeg90"]
    cost = finish(cost_in_slices(red(), [low, edge], "crop"))
    assert cost.kept.tolist() == [True, False]
    assert cost.after[1] < 0.5 < cost.before[1]


def test_a_patch_learns_what_the_class_is_made_of() -> None:
    dark = np.zeros((3, 16, 16, 3), np.uint8)
    dark[..., 0] = 110
    patch = finish(PatchTraining(red(), dark, 1, 8).go_on_in_slices(60))
    assert (patch.pixels[..., 0] == 255).all()  # as red as can be
    assert patch.losses[-1] < patch.losses[0]
    found = try_places(red(), dark[0], patch.pixels)
    assert found.shape == (PER_SIDE, PER_SIDE, 2)
    assert (found.argmax(-1) == 1).all()
    np.testing.assert_array_equal(np.sort(patch.shuffled().pixels.reshape(-1)), np.sort(patch.pixels.reshape(-1)))


@pytest.mark.parametrize(("row", "column", "top", "left"), [(0, 0, 0, 0), (4, 4, 10, 10), (2, 1, 5, 2)])
def test_a_patch_covers_its_place_and_nothing_else(row: int, column: int, top: int, left: int) -> None:
    placed = place_patch(np.zeros((14, 14, 3), np.uint8), np.full((4, 4, 3), 9, np.uint8), row, column)
    wanted = np.zeros((14, 14, 3), np.uint8)
    wanted[top : top + 4, left : left + 4] = 9
    np.testing.assert_array_equal(placed, wanted)


def test_a_patch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(AttackImpossible, match="does not fit"):
        PatchTraining(red(), np.zeros((1, 8, 8, 3), np.uint8), 1, 9)


def test_a_training_that_was_left_off_goes_on_where_it_stood() -> None:
    photos = np.random.default_rng(1).integers(0, 256, (3, 12, 12, 3)).astype(np.uint8)
    whole = finish(PatchTraining(red(), photos, 1, 5).go_on_in_slices(9))
    training = PatchTraining(red(), photos, 1, 5)
    assert len(finish(training.go_on_in_slices(4)).losses) == training.steps == 4
    assert next(training.go_on_in_slices(9)) == (1, 5)  # of those that are left
    finish(training.go_on_in_slices(9))
    np.testing.assert_array_equal(training.look().pixels, whole.pixels)
    np.testing.assert_array_equal(training.look().losses, whole.losses)


def test_the_enlarged_change_runs_from_black_to_white() -> None:
    change = np.array([[[-2, 0, 2]]], np.int16)
    assert enlarge_change(change, 2).tolist() == [[[1, 128, 255]]]
