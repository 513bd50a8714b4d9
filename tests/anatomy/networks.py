"""The networks these tests look into: torchvision's families, our own, and any module made into a `VisionModel`."""

import math
import operator
from functools import cache
from typing import Any

import torch
import torchvision
from torch import fx, nn
from torchvision.models.feature_extraction import NodePathTracer

from explorer.anatomy import LayerFacts, summarize_layers
from explorer.zoo import Preprocessing, VisionModel, architectures, list_shipped, load_model, publish, random_model
from explorer.zoo.efficientnet_lite import SamePadding

OURS = ("tiny_vgg", "mini_resnet", "photo_net")

# Side of the input that is large enough for the network's last stage, and small enough for a test. SqueezeNet has no
# padding in its first convolution: with an odd side every pixel takes part.
SIDES = {
    "resnet18": 96,
    "vgg11": 64,
    "squeezenet1_1": 97,
    "mobilenet_v2": 96,
    "mobilenet_v3_small": 96,
    "mobilenet_v3_large": 64,
    "densenet121": 64,
    "googlenet": 64,
    "efficientnet_b0": 64,
    "shufflenet_v2_x1_0": 96,
    "convnext_tiny": 64,
    "inception_v3": 107,
    "mnasnet0_5": 64,
    "regnet_y_400mf": 64,
    **dict.fromkeys(OURS, 48),
}


# Odd, and halved to 38, 19, 10, 5 and 3: padding that puts more behind than before meets odd and even sizes.
_SIDES_OF_SHIPPED = {"efficientnet-lite0": 75}


def as_model(network: nn.Module, name: str = "test", classes: int = 10) -> VisionModel:
    """Any network, published as the zoo does it."""
    network.register_buffer("place", torch.zeros(1), persistent=False)  # some of these have no weight to say where
    preprocessing = Preprocessing(32, 32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    names = tuple(f"class {index}" for index in range(classes))
    return VisionModel(name, name, publish(network, torch.device("cpu")), preprocessing, names, {})


@cache
def open_random(name: str) -> VisionModel:
    """A network by name, with random weights; the statistics of its batch normalisations are random too."""
    if name in OURS:
        model = as_model(getattr(architectures, name)(), name)
    else:
        model = random_model(name)
    generator = torch.Generator().manual_seed(0)
    for module in model.network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return model


@cache
def open_shipped(name: str) -> VisionModel:
    return load_model(name, device="cpu")


def open_any(name: str) -> VisionModel:
    return open_shipped(name) if name in list_shipped() else open_random(name)


def make_input(name: str) -> torch.Tensor:
    side = _SIDES_OF_SHIPPED.get(name) or SIDES.get(name, 48)
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))


def facts_of(model: VisionModel, x: torch.Tensor) -> dict[str, LayerFacts]:
    return {facts.name: facts for facts in summarize_layers(model, x)}


def values_of_graph(network: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Every tensor of torchvision's graph of a network in evaluation, by node name and in the graph's order.

    `create_feature_extractor` would trace the network twice, and once more for the names it can be asked for.
    """
    # As torchvision has it, but for two: the modules of torchvision.ops are looked into, as the recorder does, and how
    # much a `SamePadding` adds depends on the size, which a graph cannot ask for.
    tracer = NodePathTracer(autowrap_modules=(math, torchvision.ops), leaf_modules=[SamePadding])
    graph = tracer.trace(network)
    # Torchvision takes "conv1_2" for the second call of "conv1"; a module's first call bears the module's name.
    names: dict[fx.Node, str] = {}
    for node, name in tracer.node_to_qualname.items():
        is_first_call = node.op == "call_module" and node.target not in names.values()
        names[node] = node.target if is_first_call else name
        # What is kept would be overwritten by the in-place functions after it.
        if "inplace" in node.kwargs:
            node.kwargs = {**node.kwargs, "inplace": False}
        assert node.target not in (operator.iadd, operator.imul)
    values: dict[str, torch.Tensor] = {}

    class Keeping(fx.Interpreter):
        def run_node(self, n: fx.Node) -> Any:
            value = super().run_node(n)
            if n in names and isinstance(value, torch.Tensor):
                values[names[n]] = value
            return value

    Keeping(fx.GraphModule(tracer.root, graph)).run(x)
    return values
