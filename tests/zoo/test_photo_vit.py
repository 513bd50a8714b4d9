"""The hybrid transformer: positions, shapes, and what is shipped."""

import math

import pytest
import torch

from explorer.zoo import list_models, list_shipped, list_transformers, load_model, random_model
from explorer.zoo.catalogue import MODELS
from explorer.zoo.download import is_cached
from explorer.zoo.photo_vit import sine_positions
from tests.zoo.test_loading import assert_published


def test_positions_are_sines_and_cosines_of_row_and_column() -> None:
    rows, columns, channels = 3, 5, 16
    positions = sine_positions(rows, columns, channels).reshape(rows, columns, channels)
    for row in range(rows):
        for column in range(columns):
            expected = []
            for place in (row, column):
                angles = [place / 10_000 ** (index / 4) for index in range(4)]
                expected += [*map(math.sin, angles), *map(math.cos, angles)]
            torch.testing.assert_close(positions[row, column], torch.tensor(expected))
    larger = sine_positions(7, 9, channels).reshape(7, 9, channels)
    torch.testing.assert_close(larger[:rows, :columns], positions)


def test_it_stands_among_the_transformers_and_is_here() -> None:
    assert list_transformers()[0] == "photo-vit"
    assert "photo-vit" not in (*list_shipped(), *list_models())
    assert is_cached("photo-vit")
    assert (MODELS / "photo-vit" / "weights.safetensors").stat().st_size <= 12e6


def test_it_opens_and_takes_any_shape() -> None:
    model = load_model("photo-vit", device="cpu")
    assert_published(model)
    assert model.only_size is None
    assert model.classes[1] == "English springer"
    with torch.inference_mode():
        for sides in ((224, 448), (96, 64)):
            assert model.network(torch.zeros(1, 3, *sides)).shape == (1, 10)
        assert random_model("photo-vit", num_classes=3).network(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


@pytest.mark.skipif(not is_cached("efficientnet-lite0"), reason="the package with its weights is not installed")
def test_its_early_stages_are_those_of_the_published_network() -> None:
    own, published = (
        load_model(name, device="cpu").network.state_dict() for name in ("photo-vit", "efficientnet-lite0")
    )
    early = [key for key in own if key.startswith(("stem.", "stages.")) and not key.endswith("num_batches_tracked")]
    assert {key.split(".")[1] for key in early if key.startswith("stages")} == {f"stage{n}" for n in range(1, 7)}
    for key in early:
        torch.testing.assert_close(own[key], published[key], rtol=2**-10, atol=2**-24, msg=key)  # stored as fp16
