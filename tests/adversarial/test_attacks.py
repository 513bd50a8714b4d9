"""Attacks against the papers' formulas, against another library's success rates, and the bound in a saved file."""

import io
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from explorer.adversarial.attacks import BOUNDS, AttackImpossible, Growth, attack_in_slices, grow_in_slices
from explorer.images import open_image
from explorer.samples import SAMPLES, read_sample
from explorer.slices import finish
from explorer.zoo import VisionModel, load_model
from tests.anatomy.networks import as_model

SIDE = 32


@cache
def tiny_vgg() -> VisionModel:
    return load_model("tiny-vgg", "cpu")


@cache
def tiles() -> np.ndarray:
    """(96, 32, 32, 3) sixteen parts of every sample."""
    found = []
    for sample in SAMPLES:
        whole = np.array(open_image(read_sample(sample.name)).resize((4 * SIDE, 4 * SIDE)))
        found += [whole[r : r + SIDE, c : c + SIDE] for r in range(0, 128, SIDE) for c in range(0, 128, SIDE)]
    return np.stack(found)


class OfPixels(nn.Module):
    """A network that is given pixels from 0 to 255, normalised by hand."""

    def __init__(self, model: VisionModel) -> None:
        super().__init__()
        self.network = model.network
        self.mean, self.std = (
            torch.tensor(each).view(1, 3, 1, 1) for each in (model.preprocessing.mean, model.preprocessing.std)
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network((pixels / 255 - self.mean) / self.std)


def as_batch(pixels: np.ndarray) -> np.ndarray:
    return pixels.transpose(0, 3, 1, 2).astype(np.float32)


def grow(photo: np.ndarray, attack: str, target: int | None = None, **settings: object) -> Growth:
    return finish(grow_in_slices(tiny_vgg(), photo, attack, target, **settings))  # type: ignore[arg-type]


def name_all(pixels: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return OfPixels(tiny_vgg())(torch.from_numpy(as_batch(pixels))).argmax(1).numpy()


@pytest.mark.parametrize("target", [None, 3])
def test_the_gradient_sign_is_that_of_the_paper(target: int | None) -> None:
    photo = tiles()[5]
    network = OfPixels(tiny_vgg())
    x = torch.from_numpy(as_batch(photo[None])).requires_grad_()
    logits = network(x)[0]
    original = int(logits.argmax())
    assert original != target
    # log-sum-exp minus the logit is the cross-entropy: up for the class as it is, down for the one aimed at.
    loss = logits.logsumexp(0) - logits[original if target is None else target]
    (gradient,) = torch.autograd.grad(loss if target is None else -loss, x)
    growth = grow(photo, "sign", target)
    # A gradient that is zero but for rounding has either sign, by the processor's order of summation.
    sizes = gradient.abs()[0].permute(1, 2, 0).numpy()
    clear = sizes > 1e-5 * sizes.max()
    assert clear.mean() > 0.99
    for index, bound in enumerate(BOUNDS, 1):
        wanted = (x + bound * gradient.sign()).clamp(0, 255)[0].permute(1, 2, 0).detach().numpy()
        np.testing.assert_array_equal(growth.pixels[index][clear], wanted[clear])
        assert np.abs(growth.pixels[index] - photo.astype(np.int16)).max() <= bound
    with torch.no_grad():
        probabilities = network(torch.from_numpy(as_batch(growth.pixels))).softmax(1).numpy()
    np.testing.assert_allclose(growth.probabilities, probabilities, rtol=1e-4, atol=1e-6)
    named = probabilities.argmax(1)
    fooled = named != original if target is None else named == target
    assert growth.fooled.tolist() == fooled.tolist()
    assert growth.smallest == (int(fooled.argmax()) if fooled.any() else None)


@pytest.mark.parametrize("attack", ["sign", "projected"])
@pytest.mark.parametrize("targeted", [False, True])
def test_success_rates_are_those_of_another_library(attack: str, targeted: bool) -> None:
    # Here, because every worker reads the file, and the library takes more than a second.
    from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch
    from art.estimators.classification import PyTorchClassifier

    bound, photos = 3 if targeted else 1, tiles()[::2]
    before = name_all(photos)
    aimed = (before + 1) % 10
    classifier = PyTorchClassifier(
        OfPixels(tiny_vgg()), nn.CrossEntropyLoss(), (3, SIDE, SIDE), 10, clip_values=(0, 255), device_type="cpu"
    )
    common = {"norm": np.inf, "eps": bound, "targeted": targeted, "batch_size": len(photos)}
    if attack == "sign":
        theirs = FastGradientMethod(classifier, eps_step=bound, **common)
    else:
        theirs = ProjectedGradientDescentPyTorch(
            classifier, eps_step=2.5 * bound / 10, max_iter=10, num_random_init=1, verbose=False, **common
        )
    changed = theirs.generate(as_batch(photos), np.eye(10)[aimed if targeted else before])
    named = name_all(changed.round().transpose(0, 2, 3, 1))
    rate = (named == aimed if targeted else named != before).mean()
    classes = torch.from_numpy(aimed if targeted else before)
    ours = name_all(
        finish(
            attack_in_slices(
                tiny_vgg(),
                torch.from_numpy(as_batch(photos)),
                torch.full((len(photos),), float(bound)),
                classes,
                attack,  # type: ignore[arg-type]
                away=not targeted,
            )
        )
    )
    assert 0.2 < rate < 1.0, rate  # one that could be missed
    assert abs((ours == aimed if targeted else ours != before).mean() - rate) <= 0.03


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 95), st.sampled_from(["sign", "projected"]), st.integers(1, 40), st.booleans())
def test_the_bound_holds_in_the_file_that_is_saved(place: int, attack: str, bound: int, extreme: bool) -> None:
    photo = tiles()[place]
    if extreme:  # black and white leave room to one side only
        photo = np.where(photo < 128, 0, 255).astype(np.uint8)
    growth = grow(photo, attack, bounds=[bound], steps=4)
    file = io.BytesIO()
    Image.fromarray(growth.pixels[1]).save(file, "PNG")
    opened = open_image(file.getvalue())
    change = np.asarray(opened).astype(int) - photo.astype(int)
    assert 0 < np.abs(change).max() <= bound
    # What the network is given of the file is, to the last bit, what was said of the attack.
    x = tiny_vgg().preprocessing.with_fit("squash").tensor(opened)
    np.testing.assert_allclose(
        tiny_vgg().network(x)[0].softmax(0).numpy(), growth.probabilities[1], rtol=1e-4, atol=1e-6
    )


def test_projected_steps_find_the_least_of_a_line() -> None:
    """For a linear score the best point of the box is a corner, which can be written down."""

    class Line(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("weights", torch.randn(3 * 8 * 8, generator=torch.Generator().manual_seed(1)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            score = (x.flatten(1) @ self.weights)[:, None]
            return torch.cat([score, -score], 1)

    model = as_model(Line(), classes=2)
    photo = np.full((8, 8, 3), 100, np.uint8)
    growth = finish(grow_in_slices(model, photo, "projected", bounds=[7]))
    up = model.network.weights.view(3, 8, 8).permute(1, 2, 0).numpy() > 0
    towards = np.where(up, 1, -1) * (1 if growth.original == 1 else -1)
    np.testing.assert_array_equal(growth.change(1), 7 * towards)


@pytest.mark.parametrize("bounds", [[0], [2, 1], [1, 1], [1.5], [256]])
def test_bounds_are_whole_numbers_that_rise(bounds: list[float]) -> None:
    with pytest.raises(ValueError, match="whole numbers from 1 to 255"):
        grow(tiles()[0], "sign", bounds=bounds)


def test_what_cannot_be_attacked_is_said() -> None:
    original = int(name_all(tiles()[:1])[0])
    with pytest.raises(AttackImpossible, match="already says"):
        grow(tiles()[0], "projected", original)
    alone = as_model(nn.Sequential(nn.Flatten(), nn.Linear(192, 1)), classes=1)
    with pytest.raises(AttackImpossible, match="one class only"):
        finish(grow_in_slices(alone, np.zeros((8, 8, 3), np.uint8), "sign"))
