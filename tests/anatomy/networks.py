"""The networks these tests look into: torchvision's families, our own, and any module made into a `VisionModel`."""

from functools import cache

import torch
from torch import nn

from explorer.anatomy import LayerFacts, summarize_layers
from explorer.zoo import Preprocessing, VisionModel, architectures, list_shipped, load_model, publish, random_model

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
