"""MixUp and CutMix against torchvision's own."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from explorer.augmentation import Mixture, PipelineRejected, cut_mix, mix_up

Mix = Callable[..., tuple[Mixture, ...]]
SIDE = 48


@pytest.fixture
def three(small: Image.Image) -> list[Image.Image]:
    return [small.crop((0, 0, SIDE, SIDE)), Image.new("RGB", (SIDE, SIDE), "red"), small.crop((30, 10, 78, 58))]


def as_batch(images: list[Image.Image]) -> torch.Tensor:
    return torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in images]) / 255


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
@pytest.mark.parametrize(("ours", "theirs"), [(mix_up, v2.MixUp), (cut_mix, v2.CutMix)], ids=["mix_up", "cut_mix"])
def test_mixtures_are_those_of_torchvision(
    ours: Mix, theirs: type[v2.Transform], alpha: float, three: list[Image.Image]
) -> None:
    state = torch.get_rng_state()
    for seed in range(5):
        mixtures = ours(three, seed, alpha=alpha, side=SIDE)
        assert torch.equal(torch.get_rng_state(), state)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            batch, labels = theirs(alpha=alpha, num_classes=3)(as_batch(three), torch.arange(3))
        for place, mixture in enumerate(mixtures):
            wanted = batch[place].mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
            assert np.array_equal(np.asarray(mixture.image), wanted)
            assert (mixture.first, mixture.second) == (place, (place - 1) % 3)
            assert float(labels[place, mixture.first]) == pytest.approx(mixture.share, abs=1e-6)
            assert float(labels[place, mixture.second]) == pytest.approx(1 - mixture.share, abs=1e-6)


def test_a_chosen_share_is_kept(three: list[Image.Image]) -> None:
    first, *_ = mix_up(three, share=0.25, side=SIDE)
    wanted = 0.25 * np.asarray(three[0], float) + 0.75 * np.asarray(three[2], float)
    assert np.abs(np.asarray(first.image) - wanted).max() <= 0.51
    assert first.formula == "picture = 0.250 x1 + 0.750 x3; label = 0.250 y1 + 0.750 y3"
    assert first.box is None
    for whole in (0.0, 1.0):
        mixture = mix_up(three, share=whole, side=SIDE)[1]
        assert np.array_equal(np.asarray(mixture.image), np.asarray(three[1 if whole else 0]))


def test_the_box_is_told_and_its_true_area(three: list[Image.Image]) -> None:
    for seed in range(10):
        mixture = cut_mix(three, seed, share=0.5, side=SIDE)[1]
        assert mixture.box is not None
        left, top, right, bottom = mixture.box
        pixels = np.asarray(mixture.image)
        other = np.asarray(three[0])
        inside = np.zeros((SIDE, SIDE), bool)
        inside[top:bottom, left:right] = True
        assert np.array_equal(pixels[inside], other[inside])
        assert (pixels[~inside] == (255, 0, 0)).all()
        assert mixture.share == pytest.approx(1 - inside.mean())
        assert f"columns {left} to {right} and rows {top} to {bottom}" in mixture.formula
    assert cut_mix(three, share=1.0, side=SIDE)[0].share == 1.0


def test_pictures_of_other_sizes_and_modes_are_mixed(small: Image.Image) -> None:
    mixtures = mix_up([small, Image.new("L", (1, 1), 128), small.rotate(90, expand=True)], side=32)
    assert [mixture.image.size for mixture in mixtures] == [(32, 32)] * 3


@pytest.mark.parametrize("mix", [mix_up, cut_mix])
def test_what_cannot_be_mixed_is_refused(mix: Mix, three: list[Image.Image]) -> None:
    for images in ([], three[:1]):
        with pytest.raises(PipelineRejected, match="Mixing takes at least two pictures"):
            mix(images)
    with pytest.raises(PipelineRejected, match="At most 16"):
        mix(three * 6)
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(PipelineRejected, match="from 0 to 1"):
            mix(three, share=share)
    for alpha in (0.0, -1.0, float("inf")):
        with pytest.raises(PipelineRejected, match="above 0"):
            mix(three, alpha=alpha)
