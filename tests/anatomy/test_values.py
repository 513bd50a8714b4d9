"""What the recorder keeps, against torchvision's graph of the network, layer by layer and bit by bit."""

import pytest
import torch
from torch import nn

from explorer.anatomy import record
from explorer.zoo import list_shipped

from .networks import OURS, make_input, open_any, values_of_graph

# The least number of layers that must be compared.
LEAST = {
    "tiny_vgg": 18,
    "mini_resnet": 30,
    "photo_net": 40,
    "resnet18": 65,
    "vgg11": 28,
    "squeezenet1_1": 60,
    "mobilenet_v2": 150,
    "mobilenet_v3_small": 157,
    "mobilenet_v3_large": 187,
    "densenet121": 420,
    "googlenet": 190,
    "efficientnet_b0": 240,
    "shufflenet_v2_x1_0": 150,
    "convnext_tiny": 138,
    "inception_v3": 300,
    "mnasnet0_5": 140,
    "regnet_y_400mf": 200,
}

# What a graph may contain that is no layer: parameters, and what makes no new values (in evaluation).
MOVES = {"x", "getitem", "chunk", "view", "transpose", "contiguous", "permute", "unsqueeze", "reshape"}
NO_LAYERS = (*MOVES, "stochastic_depth", "weight", "bias", "layer_scale")


@pytest.mark.parametrize("name", [*LEAST, *list_shipped()])
def test_every_recorded_layer_equals_torchvisions_graph(name: str) -> None:
    model, x = open_any(name), make_input(name)
    recording = record(model, x)
    with torch.inference_mode():
        nodes = values_of_graph(model.network, x)
    names = [layer.name for layer in recording]
    assert [layer for layer in names if layer not in nodes] == []
    assert len(names) >= LEAST.get(name.replace("-", "_"), 0)
    for layer in recording:
        expected = nodes[layer.name][0]
        if layer.facts.channel_axis == 3:  # channels-last code: the recorder turns it
            expected = expected.permute(2, 0, 1)
        assert layer.output.shape == layer.facts.shape
        assert torch.equal(layer.output, expected), layer.name
    # In the graph's order, and nothing of weight left out: every leaf module that runs is there.
    order = [node for node in nodes if node in recording.layers]
    assert names == order
    leaves = {path for path, module in model.network.named_modules() if type(module).__module__.startswith("torch.nn.")}
    leaves -= {path for path, module in model.network.named_modules() if isinstance(module, nn.Sequential)}
    assert [node for node in nodes if node in leaves and node not in recording.layers] == []
    rest = {node.rsplit(".", 1)[-1].rstrip("_0123456789") for node in nodes if node not in recording.layers}
    assert [node for node in rest if not node.endswith(NO_LAYERS)] == []


@pytest.mark.parametrize("name", [*LEAST, *list_shipped()])
def test_recording_changes_nothing(name: str) -> None:
    model, x = open_any(name), make_input(name)
    with torch.inference_mode():
        expected = model.network(x)[0]
    first, second = record(model, x), record(model, x)  # the first pass states the facts, later ones reuse them
    assert torch.equal(first.logits, expected)
    assert torch.equal(second.logits, expected)
    assert torch.equal(first.input, x[0])
    assert [layer.facts for layer in first] == [layer.facts for layer in second]
    assert all(torch.equal(a.output, b.output) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "shufflenet_v2_x1_0", "convnext_tiny", *OURS])
def test_inputs_name_earlier_layers_and_their_shapes(name: str) -> None:
    seen: dict[str, tuple[int, ...]] = {"input": tuple(make_input(name).shape[1:])}
    recording = record(open_any(name), make_input(name))
    for layer in recording:
        assert layer.inputs
        assert set(layer.inputs) <= seen.keys()
        if layer.kind in ("Conv2d", "BatchNorm2d", "ReLU"):
            (source,) = layer.inputs
            # A slice or a view in between (ShuffleNet's halves) is followed, not recorded.
            assert layer.facts.input_shapes[0] == seen[source] or name.startswith("shufflenet")
        seen[layer.name] = layer.facts.shape
    assert list(recording)[-1].facts.shape == tuple(recording.logits.shape)


def test_residual_add_reads_both_branches() -> None:
    recording = record(open_any("resnet18"), make_input("resnet18"))
    add = recording["layer2.0.add"]
    assert add.kind == "add"
    assert set(add.inputs) == {"layer2.0.bn2", "layer2.0.downsample.1"}
    expected = recording["layer2.0.bn2"].output + recording["layer2.0.downsample.1"].output
    assert torch.equal(add.output, expected)
    assert add.facts.path == "layer2.0"
