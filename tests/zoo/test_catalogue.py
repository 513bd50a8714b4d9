import subprocess
import sys
from pathlib import Path

import pytest
from torchvision import models

import explorer.zoo
from explorer.zoo import (
    ModelUnknown,
    list_models,
    list_shipped,
    list_torchvision,
    list_transformers,
    load_model,
    random_model,
    read_card,
)

ROOT = Path(explorer.zoo.__file__).parents[2]


def test_shipped_networks_come_first(own_models: Path) -> None:
    assert list_shipped() == ("photo-net", "mini-resnet", "five-by-five", "tiny-vgg")
    names = list_models()
    assert names[:4] == ["photo-net", "mini-resnet", "five-by-five", "tiny-vgg"]
    assert names[4:] == list(list_torchvision())
    assert len(set(names)) == len(names)


def test_a_folder_without_a_card_is_not_shipped(own_models: Path) -> None:
    (own_models / "tiny-vgg" / "card.json").unlink()
    explorer.zoo.catalogue.list_shipped.cache_clear()
    assert list_shipped() == ("photo-net", "mini-resnet", "five-by-five")
    with pytest.raises(KeyError):
        read_card("tiny-vgg")
    with pytest.raises(KeyError):
        read_card("../models/photo-net")


def test_every_torchvision_cnn_and_no_transformer() -> None:
    names = set(list_torchvision())
    transformers = {name for name in models.list_models(module=models) if name not in names}
    assert len(names) > 60
    assert transformers
    homes = {models.get_model_builder(name).__module__.rsplit(".", 1)[-1] for name in transformers}
    assert homes == {"vision_transformer", "swin_transformer", "maxvit"}
    assert all(models.get_model_weights(name).DEFAULT is not None for name in names)


def test_transformers_stand_by_themselves() -> None:
    known = models.list_models(module=models)
    assert list_transformers()
    for name in list_transformers():
        assert name in (*known, "photo-vit")
        assert name not in list_models()


@pytest.mark.parametrize(
    "statement",
    [
        "import explorer.zoo; names = explorer.zoo.list_shipped(); [explorer.zoo.read_card(name) for name in names]",
        "import explorer.images, explorer.device",
    ],
)
def test_the_home_page_does_not_wait_for_torch(statement: str) -> None:
    check = f"import sys; {statement}; assert 'torch' not in sys.modules and 'torchvision' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    for name in explorer.zoo.__all__:
        assert getattr(explorer.zoo, name) is not None
    with pytest.raises(AttributeError, match="nothing_such"):
        explorer.zoo.nothing_such  # noqa: B018


@pytest.mark.parametrize("name", ["resnet", "vit_h_14", "maxvit_t", "", "../photo-net", "PHOTO-NET"])
def test_unknown_networks_are_named(name: str, own_models: Path) -> None:
    for call in (load_model, random_model):
        with pytest.raises(ModelUnknown) as caught:
            call(name)
        assert isinstance(caught.value, KeyError)
        message = str(caught.value)
        assert repr(name) in message
        assert "photo-net, mini-resnet, five-by-five, tiny-vgg" in message
