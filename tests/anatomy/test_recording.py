"""`layers=`, `edits=`, errors, and networks that overwrite their own tensors."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.nn import functional as F

from explorer.anatomy import Edit, LayerUnknown, Recording, record, summarize_layers
from explorer.zoo import VisionModel

from .networks import as_model, make_input, open_random


def forward_with_hook(model: VisionModel, x: Tensor, path: str, change: Callable[[Tensor], Tensor]) -> Tensor:
    """The logits of a copy whose module at `path` gives something else: the oracle for edits."""
    network = copy.deepcopy(model.network)
    network.get_submodule(path).register_forward_hook(lambda _module, _args, output: change(output))
    with torch.inference_mode():
        return network(x)[0]


def test_only_the_layers_asked_for() -> None:
    model, x = open_random("resnet18"), make_input("resnet18")
    everything = record(model, x)
    wanted = ["layer3.0.add", "conv1", "fc"]
    some = record(model, x, wanted)
    assert list(some.layers) == ["conv1", "layer3.0.add", "fc"]  # in execution order
    for layer in some:
        assert torch.equal(layer.output, everything[layer.name].output)
        assert layer.facts == everything[layer.name].facts
    assert torch.equal(some.logits, everything.logits)
    assert len(record(model, x, [])) == 0
    with pytest.raises(LayerUnknown, match="layer1"):
        some["layer1.0.conv1"]


def test_survey_states_the_same_facts() -> None:
    model = as_model(copy.deepcopy(open_random("mini_resnet").network))
    x = torch.randn(1, 3, 40, 24)
    surveyed = summarize_layers(model, x)
    assert surveyed == tuple(layer.facts for layer in record(model, x))
    assert summarize_layers(model, x) == surveyed
    assert summarize_layers(model, torch.randn(1, 3, 32, 32)) != surveyed


born: list[StorageWeakRef] = []
most_alive = 0


def count_alive() -> int:
    return sum(not memory.expired() for memory in born)


class Witness(nn.Module):
    """Counts, at each step, how many of the outputs before it are still in memory."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(steps)))

    def forward(self, x: Tensor) -> Tensor:
        global most_alive
        for step in self.steps:
            x = F.relu(step(x)) + 0
            born.append(StorageWeakRef(x.untyped_storage()))
            most_alive = max(most_alive, count_alive())
        return x.mean((2, 3))


def test_other_outputs_are_freed_at_once() -> None:
    global most_alive
    model, x = as_model(Witness(20), classes=3), torch.randn(1, 3, 8, 8)
    for asked, limit in (([], 2), (["steps.3"], 2), (["add_4", "add_9"], 4), (None, 20)):
        for _ in range(2):  # the first pass of a shape states facts, later ones do not
            born.clear()
            most_alive = 0
            recording = record(model, x, asked)
            assert most_alive <= limit
            assert count_alive() == sum(layer.name.startswith("add") for layer in recording)
            del recording
            assert count_alive() == 0


@pytest.mark.parametrize(
    "shape", [(3, 32, 32), (2, 3, 32, 32), (1, 1, 32, 32), (1, 4, 32, 32), (1, 3, 32), (0, 3, 32, 32), (1, 32, 32, 3)]
)
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    for call in (record, summarize_layers):
        with pytest.raises(ValueError, match=r"\(1, 3, H, W\)"):
            call(open_random("tiny_vgg"), torch.zeros(shape))


def test_unknown_layers_are_named() -> None:
    model, x = open_random("tiny_vgg"), make_input("tiny_vgg")
    for _ in range(2):
        with pytest.raises(LayerUnknown, match=r"'features\.conv9'") as caught:
            record(model, x, ["features.conv1_1", "features.conv9"])
        assert isinstance(caught.value, KeyError)
        with pytest.raises(LayerUnknown, match="'nowhere'"):
            record(model, x, edits=[Edit("nowhere")])
        with pytest.raises(LayerUnknown, match="'features'"):  # a container is no layer
            record(model, x, ["features"])


def test_switching_a_channel_off_equals_masking_the_module() -> None:
    model, x = open_random("mini_resnet"), make_input("mini_resnet")
    path = "stages.stage2.block1.conv1"
    base = record(model, x)

    def mask(output: Tensor) -> Tensor:
        output = output.clone()
        output[:, [5, 7]] = 0
        return output

    for _ in range(2):
        edited = record(model, x, edits=[Edit(path, 0.0, (5, 7))])
        assert torch.equal(edited.logits, forward_with_hook(model, x, path, mask))
        assert not torch.equal(edited.logits, base.logits)
        assert torch.equal(edited[path].output, mask(base[path].output[None])[0])
        names = list(base.layers)
        before = names[: names.index(path)]
        assert all(torch.equal(edited[name].output, base[name].output) for name in before)
    assert torch.equal(record(model, x).logits, base.logits)


@pytest.mark.parametrize("name", ["squeezenet1_1", "convnext_tiny", "tiny_vgg"])
def test_scaling_all_channels(name: str) -> None:
    model, x = open_random(name), make_input(name)
    path = next(layer.name for layer in record(model, x) if layer.kind in ("ReLU", "GELU"))
    edited = record(model, x, [path], [Edit(path, -1.5)])
    assert torch.equal(edited.logits, forward_with_hook(model, x, path, lambda output: output * -1.5))


def test_channels_of_channels_last_layers() -> None:
    model, x = open_random("convnext_tiny"), make_input("convnext_tiny")
    path = "features.1.0.block.4"  # a GELU between two linear layers, (B, H, W, C)

    def mask(output: Tensor) -> Tensor:
        return output * (torch.arange(output.shape[3]) != 2)

    edited = record(model, x, edits=[Edit(path, 0.0, (2,))])
    assert torch.equal(edited.logits, forward_with_hook(model, x, path, mask))
    assert not edited[path].output[2].any()
    assert edited[path].output[[0, 1, 3]].any()


def test_edit_of_a_functional_layer() -> None:
    """A residual addition has no module to hook; what comes after it has."""
    model, x = open_random("mini_resnet"), make_input("mini_resnet")
    network = copy.deepcopy(model.network)

    def mask(_module: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        return (args[0] * (torch.arange(args[0].shape[1]) != 3)[:, None, None],)

    network.get_submodule("stages.stage2.block1.relu2").register_forward_pre_hook(mask)
    with torch.inference_mode():
        expected = network(x)[0]
    edited = record(model, x, edits=[Edit("stages.stage2.block1.add", 0.0, (3,))])
    assert torch.equal(edited.logits, expected)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "densenet121", "googlenet"])
def test_edits_make_no_layers_and_rename_none(name: str) -> None:
    """The arithmetic of an edit is not the network's, in a first pass as in later ones."""
    x = make_input(name)
    expected = {facts.name: facts for facts in summarize_layers(open_random(name), x)}
    fresh = as_model(copy.deepcopy(open_random(name).network))
    for _ in range(2):
        recording = record(fresh, x, edits=[Edit(layer, 0.9) for layer in expected])
        assert {layer.name: layer.facts for layer in recording} == expected


def test_edits_apply_in_the_given_order() -> None:
    model, x = open_random("tiny_vgg"), make_input("tiny_vgg")
    path = "features.relu1_1"
    one = record(model, x, [path], [Edit(path, 3.0, (1,)), Edit(path, 0.5)])[path].output
    base = record(model, x, [path])[path].output
    assert torch.equal(one[1], base[1] * 3 * 0.5)
    assert torch.equal(one[0], base[0] * 0.5)


@pytest.mark.parametrize("channel", [-1, 24, 1000])
def test_edit_of_a_channel_that_is_not_there(channel: int) -> None:
    model, x = open_random("tiny_vgg"), make_input("tiny_vgg")
    with pytest.raises(ValueError, match="channels 0 to 23"):
        record(model, x, edits=[Edit("features.conv1_1", 0.0, (0, channel))])


class Overwriting(nn.Module):
    """Every way a network can write over what an earlier layer gave."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3, self.conv4 = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(4))
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        a = self.act(self.conv1(x))
        b = F.relu(self.conv2(a), inplace=True)
        b += a
        c = self.conv3(b)
        c.relu_()
        c[:, 0] = 0
        d = self.conv4(c)
        d.mul_(2).add_(c)
        d *= 0.5
        return self.head(torch.flatten(d.mean((2, 3)), 1))


class Careful(Overwriting):
    """The same, with nothing overwritten: every value by the recorder's name for it."""

    def values(self, x: Tensor) -> dict[str, Tensor]:
        v: dict[str, Tensor] = {}
        v["conv1"] = self.conv1(x)
        v["act"] = v["conv1"].relu()
        v["conv2"] = self.conv2(v["act"])
        v["relu"] = v["conv2"].relu()
        v["add"] = v["relu"] + v["act"]
        v["conv3"] = self.conv3(v["add"])
        v["relu_1"] = v["conv3"].relu()
        c = v["relu_1"].clone()
        c[:, 0] = 0
        v["conv4"] = self.conv4(c)
        v["mul"] = v["conv4"] * 2
        v["add_1"] = v["mul"] + c
        v["mul_1"] = v["add_1"] * 0.5
        v["mean"] = v["mul_1"].mean((2, 3))
        v["flatten"] = v["mean"]
        v["head"] = self.head(v["mean"])
        return v


def as_tensors(recording: Recording) -> dict[str, Tensor]:
    return {layer.name: layer.output for layer in recording}


def test_overwritten_values_are_recorded_as_they_were() -> None:
    network = Overwriting()
    twin = Careful()
    twin.load_state_dict(network.state_dict())
    x = torch.randn(1, 3, 12, 12)
    with torch.inference_mode():
        expected = twin.values(x.clone())
        untouched = copy.deepcopy(network).eval()(x.clone())[0]
    model = as_model(network, classes=4)
    for _ in range(2):
        recording = record(model, x)
        got = as_tensors(recording)
        assert torch.equal(recording.logits, untouched)
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            assert torch.equal(got[name], value[0]), name
    assert recording["conv4"].inputs == ("relu_1",)
    assert set(recording["add"].inputs) == {"relu", "act"}


class Greedy(nn.Module):
    """Overwrites its very input, as a network that normalises for itself may."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x.sub_(0.5).relu_()
        x[:, 1] = 0
        return self.head(x).mean((2, 3))


def test_the_image_is_never_overwritten() -> None:
    model, x = as_model(Greedy(), classes=2), torch.randn(1, 3, 9, 9)
    kept = x.clone()
    expected = model.network(x.clone())[0]
    for _ in range(2):
        recording = record(model, x)
        assert torch.equal(x, kept)
        assert torch.equal(recording.input, kept[0])
        assert torch.equal(recording.logits, expected)
        assert torch.equal(recording["sub"].output, kept[0] - 0.5)
        assert torch.equal(recording["relu"].output, (kept[0] - 0.5).relu())


class Constant(nn.Module):
    """Makes tensors that have nothing to do with the image, where one of the image's has just been freed."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        passing = [x.abs() for _ in range(20)]
        del passing
        grids = [torch.linspace(0, 1, 5) for _ in range(20)]
        weights = [torch.softmax(grid, 0).sum() for grid in grids]
        return self.head(x).mean((2, 3)) * sum(weights)


def test_constants_are_no_layers_of_the_image() -> None:
    recording = record(as_model(Constant(), classes=2), torch.randn(1, 3, 9, 9))
    assert list(recording.layers) == ["head", "mean", "mul"]
    assert recording["mul"].inputs == ("mean",)


def test_a_module_called_twice_counts_on() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 3), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.conv(self.relu(self.conv(x)))).mean((2, 3))

    recording = record(as_model(Twice(), classes=3), torch.randn(1, 3, 9, 9))
    assert list(recording.layers) == ["conv", "relu", "conv_1", "relu_1", "mean"]
    assert recording["conv_1"].inputs == ("relu",)
    assert recording["conv_1"].facts.path == "conv"


def test_maps_of_maps_and_vectors() -> None:
    recording = record(open_random("tiny_vgg"), make_input("tiny_vgg"))
    assert recording["features.conv1_1"].maps.shape == (24, 48, 48)
    assert recording["classifier"].maps.shape == (10, 1, 1)
    facts = recording["features.conv1_1"].facts
    assert (facts.channels, facts.resolution) == (24, (48, 48))
    assert recording["flatten"].facts.resolution == (1, 1)
