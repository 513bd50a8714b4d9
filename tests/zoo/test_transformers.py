"""Vision transformers: opened by name, with torchvision's preprocessing, and with a person's own weights."""

import pytest
import torch
from torchvision import models

from explorer.zoo import VisionModel, WeightsMismatch, list_transformers, load_model, random_model
from explorer.zoo.loading import _official_card
from tests.zoo.making import as_bytes, make_picture
from tests.zoo.test_loading import assert_published


@pytest.fixture(scope="module", params=["vit_b_32", "swin_t"])
def model(request: pytest.FixtureRequest) -> VisionModel:
    return random_model(request.param)


def test_they_open_with_random_weights(model: VisionModel) -> None:
    assert_published(model)
    assert model.classes[281] == "tabby"
    assert model.parameters == model.card["parameters"]
    x = model.preprocessing.tensor(make_picture(300, 250))
    with torch.inference_mode():
        assert model.network(x).shape == (1, 1000)


def test_only_vit_takes_a_single_size(model: VisionModel) -> None:
    larger = torch.zeros(1, 3, 256, 256)
    if model.name.startswith("vit"):
        assert model.only_size == model.preprocessing.size == 224
        with pytest.raises(AssertionError, match="height"):
            model.network(larger)
    else:
        assert model.only_size is None
        with torch.inference_mode():
            assert model.network(larger).shape == (1, 1000)


@pytest.mark.parametrize("name", [name for name in list_transformers() if name != "photo-vit"])
def test_preprocessing_is_torchvisions(name: str) -> None:
    card, official = _official_card(name), models.get_model_weights(name).DEFAULT.transforms()
    assert card["input_size"] == 224
    assert [card["resize"]] == official.resize_size
    assert card["interpolation"] == official.interpolation.value
    if name == "vit_b_16":
        assert (card["resize"], card["interpolation"]) == (256, "bilinear")


def test_the_tensor_is_torchvisions(model: VisionModel) -> None:
    picture = make_picture(320, 270)
    official = models.get_model_weights(model.name).DEFAULT.transforms()
    assert torch.equal(model.preprocessing.tensor(picture), official(picture)[None])


def test_own_weights_with_another_number_of_classes(model: VisionModel) -> None:
    drawn = random_model(model.name, num_classes=7, seed=3)
    state = drawn.network.state_dict()
    opened = load_model(model.name, "cpu", as_bytes(state, {"classes": '["a", "b", "c", "d", "e", "f", "g"]'}))
    assert opened.classes == tuple("abcdefg")
    assert_published(opened)
    for key, value in opened.network.state_dict().items():
        assert torch.equal(value, state[key])
    x = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        assert torch.equal(opened.network(x), drawn.network(x))
    del state["norm.weight" if model.name == "swin_t" else "class_token"]
    with pytest.raises(WeightsMismatch, match="1 missing"):
        load_model(model.name, "cpu", as_bytes(state))
