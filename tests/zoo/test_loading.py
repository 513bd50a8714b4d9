"""Opening networks: shipped, random, official, on a device."""

from collections.abc import Callable
from pathlib import Path

import pytest
import skimage.data
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from explorer.device import DeviceUnavailable
from explorer.zoo import Preprocessing, VisionModel, architectures, list_shipped, load_model, publish, random_model
from explorer.zoo.architectures import PlainStack


def assert_published(model: VisionModel) -> None:
    assert not any(module.training for module in model.network.modules())
    assert not any(parameter.requires_grad for parameter in model.network.parameters())
    assert not any(getattr(module, "inplace", False) for module in model.network.modules())


def test_a_shipped_network_is_what_its_file_holds(own_models: Path) -> None:
    for name in list_shipped():
        model = load_model(name, device="cpu")
        assert_published(model)
        assert model.name == name
        assert model.device == torch.device("cpu")
        state = load_file(own_models / name / "weights.safetensors")
        for key, value in model.network.state_dict().items():
            if key in state:
                assert value.dtype in (torch.float32, torch.int64)
                assert torch.equal(value, state[key].to(value.dtype))
        x = model.preprocessing.tensor(Image.new("RGB", (50, 40), (200, 100, 50)))
        assert model.network(x).shape == (1, len(model.classes)) == (1, 10)
        assert model.card["name"] == name
        assert model.parameters == sum(p.numel() for p in model.network.parameters())


def test_a_damaged_shipped_file_is_refused(own_models: Path) -> None:
    file = own_models / "tiny-vgg" / "weights.safetensors"
    data = file.read_bytes()
    from explorer.zoo import WeightsRejected

    for damaged in (data[:-100], data[:-1] + bytes([data[-1] ^ 1])):  # the latter is a network, of one other weight
        file.write_bytes(damaged)
        with pytest.raises(WeightsRejected, match=r"^weights\.safetensors of tiny-vgg is damaged or was changed"):
            load_model("tiny-vgg")
    file.unlink()
    with pytest.raises(WeightsRejected, match=r"tiny-vgg cannot be read \(No such file or directory\)"):
        load_model("tiny-vgg")


@pytest.mark.parametrize("name", ["squeezenet1_1", "googlenet", "mobilenet_v3_small", "densenet121"])
def test_published_networks_have_no_inplace_modules(name: str) -> None:
    assert_published(random_model(name))


def test_publishing_changes_no_output() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Dropout(0.5, inplace=True))
    x = torch.randn(1, 3, 8, 8)
    expected = network.eval()(x)
    published = publish(network.train(), torch.device("cpu"))
    assert torch.equal(published(x), expected)
    assert published[1].inplace is published[2].inplace is False


def test_random_networks_are_the_same_for_the_same_seed() -> None:
    state = torch.random.get_rng_state()
    one, again, other = (random_model("squeezenet1_1", seed=seed).network.state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert not torch.equal(one["features.0.weight"], other["features.0.weight"])


def test_random_networks_do_not_hear_of_the_global_seed() -> None:
    torch.manual_seed(1)
    one = random_model("mnasnet0_5").network.state_dict()
    torch.manual_seed(2)
    two = random_model("mnasnet0_5").network.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_random_networks_leave_accelerators_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object) -> None:
        raise AssertionError("the random state of a GPU was set")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", forbidden)
    random_model("squeezenet1_1")


def test_random_networks_with_another_number_of_classes(own_models: Path) -> None:
    for name in ("squeezenet1_1", "tiny-vgg"):
        model = random_model(name, num_classes=7)
        assert model.classes == tuple(f"class {index}" for index in range(7))
        x = torch.zeros(1, 3, 64, 64)
        assert model.network(x).shape == (1, 7)
        assert "random" in model.title
        assert model.card["random_seed"] == 0
    assert random_model("squeezenet1_1").classes[281] == "tabby"
    assert random_model("tiny-vgg").classes[3] == "cat"


@pytest.mark.parametrize("device", ["cuda:7", "tpu"])
def test_unknown_devices_are_refused(device: str, own_models: Path) -> None:
    for call in (load_model, random_model):
        with pytest.raises(DeviceUnavailable):
            call("tiny-vgg", device=device)


def test_another_preprocessing_shares_the_weights() -> None:
    model = random_model("squeezenet1_1")
    other = model.with_preprocessing(model.preprocessing.with_size(96))
    assert other.network is model.network
    assert other.preprocessing.size == 96
    assert model.preprocessing.size == 224


@pytest.mark.parametrize("name", ["tiny_vgg", "five_by_five", "mini_resnet", "photo_net"])
def test_our_architectures(name: str) -> None:
    network = getattr(architectures, name)().eval()
    stated = {"tiny_vgg": 57_218, "five_by_five": 125_109, "mini_resnet": 2_355_002, "photo_net": 2_721_322}
    limits = {"tiny_vgg": 60_000, "five_by_five": 130_000, "mini_resnet": 3_000_000, "photo_net": 4_000_000}
    assert sum(p.numel() for p in network.parameters()) == stated[name] <= limits[name]
    for height, width in ((32, 32), (9, 7), (65, 40), (128, 128)):  # fully convolutional: any size
        with torch.inference_mode():
            assert network(torch.randn(2, 3, height, width)).shape == (2, 10)
    if name == "photo_net":
        assert network.stages(network.stem(torch.randn(1, 3, 128, 128))).shape == (1, 256, 8, 8)


@pytest.mark.parametrize("build", [architectures.tiny_vgg, architectures.five_by_five])
def test_plain_stacks_are_plain(build: Callable[[], PlainStack]) -> None:
    kinds = {type(module) for module in build().modules()}
    assert kinds == {PlainStack, nn.Sequential, nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.Linear}


def test_five_by_five_has_the_filters_of_the_textbook() -> None:
    network = architectures.five_by_five()
    shapes = [tuple(module.weight.shape) for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert shapes == [(25, 3, 5, 5), (32, 25, 5, 5), (32, 32, 5, 5), (40, 32, 5, 5), (45, 40, 5, 5)]


@pytest.mark.parametrize("name", ["mobilenet_v2", "squeezenet1_1"])
def test_official_weights_see_a_cat(name: str, torch_home: Path) -> None:
    model = load_model(name, device="cpu")
    assert_published(model)
    chelsea = Image.fromarray(skimage.data.chelsea())
    with torch.inference_mode():
        probabilities = model.network(model.preprocessing.tensor(chelsea))[0].softmax(0)
    best = [model.classes[index] for index in probabilities.topk(5).indices]
    assert any("cat" in name.lower().split() or name in ("tabby", "lynx") for name in best), best
    assert model.preprocessing.size == 224
    assert model.card["parameters"] == model.parameters
    assert 0.5 < model.card["accuracy"]["value"] < 0.9
    assert "ImageNet" in model.title


def test_preprocessing_is_read_off_the_card(own_models: Path) -> None:
    assert load_model("photo-net", device="cpu").preprocessing == Preprocessing(
        128, 128, (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)
    )
