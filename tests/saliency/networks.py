"""Networks whose heatmaps are known, and the ones that the other tests use."""

from functools import cache

import torch
from torch import nn
from torchvision.models import swin_t

from explorer.images import open_image
from explorer.samples import read_sample
from explorer.zoo import VisionModel, list_shipped, load_model, random_model
from tests.anatomy.networks import as_model


@cache
def open_model(name: str) -> VisionModel:
    """A shipped network as it is, torchvision's with random weights."""
    if name == "swin_t":
        return as_model(swin_t(num_classes=10), name)
    return load_model(name, device="cpu") if name in list_shipped() else random_model(name)


def make_input(model: VisionModel, side: int = 0, sample: str = "coffee") -> torch.Tensor:
    preprocessing = model.preprocessing.with_size(side) if side else model.preprocessing
    return preprocessing.tensor(open_image(read_sample(sample)))


class Block(nn.Module):
    """The score of class 1 is the mean of a block of pixels of the first channel; that of class 0 is zero."""

    def __init__(self, size: int = 16, top: int = 4, left: int = 8, side: int = 4, gain: float = 10.0) -> None:
        super().__init__()
        weights = torch.zeros(2, 3, size, size)
        weights[1, 0, top : top + side, left : left + side] = gain / side**2
        self.register_buffer("weights", weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ self.weights.flatten(1).T


def small_network(classes: int = 3, seed: int = 0) -> nn.Sequential:
    """Two convolutions, global average pooling and a dense layer, random."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, classes),
    )


def small_model(classes: int = 3, seed: int = 0) -> VisionModel:
    return as_model(small_network(classes, seed), classes=classes)


def block_model(**settings: float) -> VisionModel:
    return as_model(Block(**settings), classes=2)  # type: ignore[arg-type]
