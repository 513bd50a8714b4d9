"""Inputs made from noise: what they are worth is measured by hooks of PyTorch, against patches of photos."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from explorer.feature_visualization import Grown, Objective, ObjectiveImpossible, Recipe, fine_share, grow, record_maps
from explorer.feature_visualization import growing as growing_module
from explorer.feature_visualization.growing import measure_likeness
from explorer.images import open_image
from explorer.samples import SAMPLES, read_sample
from explorer.slices import finish
from explorer.zoo import VisionModel, load_model
from tests.anatomy.networks import as_model
from tests.saliency.networks import small_model

MIDDLE = "stages.stage4.block2.project.bn"  # of the default network: a third of its depth, 80 channels

small = cache(small_model)


def make(objective: Objective, model: VisionModel | None = None, **settings: int | bool | str) -> Grown:
    recipe = Recipe(**{"side": 24, "steps": 12, **settings})  # type: ignore[arg-type]
    return finish(grow(model or small(), objective, recipe))


def hooked(model: VisionModel, pixels: np.ndarray, path: str) -> Tensor:
    """What a module gives for pixels (B, H, W, 3), by PyTorch's own means; what comes after it is not computed."""
    outputs: list[Tensor] = []

    def take(*call: Tensor) -> None:
        outputs.append(call[2])
        raise StopIteration

    preprocessing = model.preprocessing
    x = torch.from_numpy(pixels / 255.0).permute(0, 3, 1, 2).float()
    x = (x - torch.tensor(preprocessing.mean).view(3, 1, 1)) / torch.tensor(preprocessing.std).view(3, 1, 1)
    handle = model.network.get_submodule(path).register_forward_hook(take)
    try:
        with torch.no_grad(), suppress(StopIteration):
            model.network(x)
    finally:
        handle.remove()
    return outputs[0]


def random_crops(count: int, side: int) -> Iterator[np.ndarray]:
    """Squares of the samples, from half of their shorter side to all of it, (side, side, 3)."""
    random = np.random.default_rng(0)
    photos = [open_image(read_sample(sample.name)) for sample in SAMPLES]
    for number in range(count):
        photo = photos[number % len(photos)]
        length = int(min(photo.size) * random.uniform(0.5, 1))
        left, top = (int(random.integers(0, edge - length + 1)) for edge in photo.size)
        yield np.asarray(photo.crop((left, top, left + length, top + length)).resize((side, side)))


def test_the_default_network_answers_more_than_to_all_but_a_thousandth_of_10000_patches() -> None:
    model, unit = load_model("efficientnet-lite0", device="cpu"), 20
    grown = make(Objective("channel", MIDDLE, unit), model, side=128, steps=16)
    worth = hooked(model, grown.pixels, MIDDLE)[0, unit].mean()
    patches = torch.cat(  # each of the 14 x 14 cells answers to a patch of its own
        [hooked(model, crop[None], MIDDLE)[0, unit].flatten() for crop in random_crops(52, 224)]
    )
    assert len(patches) > 10_000
    assert (patches >= worth).float().mean() <= 0.001
    assert_allclose(grown.values[0], worth, rtol=1e-4)


LAST = "encoder.layers.encoder_layer_1.add_1"  # what leaves the second block of torchvision's transformer
DIRECTION = tuple(float(value) for value in np.random.default_rng(2).normal(size=8))


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize(
    "objective",
    [
        Objective("channel", "2", 4),
        Objective("cell", "2", 4),
        Objective("class", unit=2),
        Objective("direction", "2", direction=DIRECTION),
    ],
    ids=lambda objective: objective.kind,
)
def test_the_number_grows_and_is_what_the_network_gives_for_the_pixels(objective: Objective, negative: bool) -> None:
    asked = Objective(**{**objective.__dict__, "negative": negative})
    grown = make(asked, count=2)
    maps = hooked(small(), grown.pixels, "6" if objective.kind == "class" else "2").double()
    if objective.kind == "direction":
        unit = np.array(DIRECTION) / np.linalg.norm(DIRECTION)
        vectors = maps.numpy().transpose(0, 2, 3, 1)
        along = vectors @ unit
        wanted = (along * np.maximum(along / np.linalg.norm(vectors, axis=-1), 0.1)).mean((1, 2))
    elif objective.kind == "class":
        wanted = maps[:, 2].numpy()
    else:
        wanted = (maps[:, 4, 6, 6] if objective.kind == "cell" else maps[:, 4].mean((1, 2))).numpy()
    assert_allclose(grown.values, wanted, rtol=1e-4, atol=1e-5)
    assert ((grown.values < grown.start) if negative else (grown.values > grown.start)).all()
    assert grown.path.shape == (12,)


def test_a_seed_says_every_pixel() -> None:
    first, again, other = (make(Objective("channel", "2", 1), seed=seed, count=2) for seed in (5, 5, 6))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.path, again.path)
    assert not np.array_equal(first.pixels, other.pixels)
    assert not np.array_equal(first.pixels[0], first.pixels[1])


def test_bare_pixels_end_in_fine_noise_and_waves_do_not() -> None:
    objective = Objective("channel", "2", 4)
    waves, pixels = (
        make(objective, side=64, steps=40, basis=basis, moves=basis == "waves") for basis in ("waves", "pixels")
    )
    shares = [fine_share(each.pixels[0]) for each in (waves, pixels)]
    assert shares[1] > 2 * shares[0]


def test_pictures_are_kept_from_being_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = torch.randn(3, 4, 10, generator=torch.Generator().manual_seed(0))
    grams = [(each @ each.T).flatten().numpy() for each in maps]
    cosines = [
        float(one @ two / np.linalg.norm(one) / np.linalg.norm(two))
        for one, two in ((grams[0], grams[1]), (grams[0], grams[2]), (grams[1], grams[2]))
    ]
    assert float(measure_likeness(maps)) == pytest.approx(np.mean(cosines), rel=1e-5)

    trained = load_model("tiny-vgg", device="cpu")

    def likeness() -> float:
        grown = make(Objective("channel", "features.pool2", 3), trained, side=32, count=2, steps=20)
        return float(measure_likeness(hooked(trained, grown.pixels, "features.pool2").flatten(2)))

    kept_apart = likeness()
    monkeypatch.setattr(growing_module, "LIKENESS", 0.0)
    assert kept_apart < likeness() - 0.03


def test_a_silent_rectifier_is_made_to_speak_by_what_it_reads() -> None:
    first = nn.Conv2d(3, 1, 1)
    first.load_state_dict({"weight": torch.ones(1, 3, 1, 1), "bias": torch.tensor([-0.2])})
    # Inputs are about zero at the start: the rectifier gives nothing.
    network = nn.Sequential(first, nn.ReLU(), nn.Flatten(), nn.Linear(24 * 24, 2))
    grown = make(Objective("channel", "1", 0), as_model(network, classes=2), steps=30)
    assert grown.start[0] < 0 < grown.values[0]
    assert grown.layer == "0"


def test_what_has_grown_so_far_is_what_so_many_steps_would_make() -> None:
    objective, shown = Objective("channel", "2", 0), list[Grown]()
    told = list(grow(small(), objective, Recipe(side=16, steps=3), lambda so_far: shown.append(so_far())))
    assert told == [(1, 3), (2, 3), (3, 3)]
    for steps, found in enumerate(shown, start=1):
        alone = make(objective, side=16, steps=steps)
        assert np.array_equal(found.pixels, alone.pixels)
        assert (found.path.tolist(), found.values, found.start) == (alone.path.tolist(), alone.values, alone.start)
    assert not np.array_equal(shown[0].pixels, shown[2].pixels)


@pytest.mark.parametrize(
    "objective", [Objective("class", unit=3), *(Objective(each, LAST, 5) for each in ("channel", "cell"))]
)
def test_the_patches_of_a_transformer_are_a_grid(objective: Objective) -> None:
    """4 x 4 tokens after one of the class, which has no place: the block's own output, sorted by hand."""
    torch.manual_seed(0)
    network = VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32)
    nn.init.normal_(network.heads[0].weight)  # torchvision begins with zeros
    model = as_model(network, classes=1000)
    grown = make(objective, model, side=32, moves=False)
    tokens = hooked(model, grown.pixels, "encoder.layers.encoder_layer_1")[0]
    x = model.preprocessing.as_input(grown.pixels)
    maps = record_maps(model, x, LAST)
    assert_allclose(maps[:, 2, 1], tokens[1 + 2 * 4 + 1], rtol=1e-4, atol=1e-5)
    wanted = {
        "class": float(network(x)[0, 3]),
        "channel": float(tokens[1:, 5].mean()),
        "cell": float(tokens[1 + 2 * 4 + 2, 5]),
    }
    assert grown.values[0] == pytest.approx(wanted[objective.kind], rel=1e-4)
    assert grown.values[0] > grown.start[0]
    with pytest.raises(ObjectiveImpossible, match="takes pictures of 32 pixels a side only, not 24"):
        make(objective, model, side=24)


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        (Objective("channel", "nowhere"), "has no layer 'nowhere'"),
        (Objective("channel", "2", 8), "2 has channels 0 to 7; there is no channel 8"),
        (Objective("class", unit=3), "classes 0 to 2; there is no class 3"),
        (Objective("direction", "2", direction=(1.0,)), "2 has 8 channels; the direction has 1 numbers"),
        (Objective("direction", "2", direction=(0.0,) * 8), "points nowhere"),
    ],
)
def test_what_is_not_there_is_said(objective: Objective, said: str) -> None:
    with pytest.raises(ObjectiveImpossible, match=said):
        make(objective)
