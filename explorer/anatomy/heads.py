"""What stands between a network's last maps and its classes: a dense layer on all cells, or an average of each map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from explorer.anatomy.recording import LayerFacts
from explorer.anatomy.surgery import explain_refusal, pooling_layers
from explorer.anatomy.tracing import record, summarize_layers
from explorer.text import shape_text
from explorer.zoo import VisionModel


@dataclass(frozen=True)
class Head:
    """The last pooling layer of a network and what could follow it.

    Attributes:
        layer: its name.
        shape: (C, H, W) of the maps it reads.
        pooled: (C, h, w) of what it makes of them; h = w = 1 where it is global.
        classes: number of logits.
        own: weights of the layers after it.
    """

    layer: str
    shape: tuple[int, int, int]
    pooled: tuple[int, int, int]
    classes: int
    own: int

    @property
    def flattened(self) -> int:
        """Weights and biases of one dense layer on every cell of every map."""
        return prod(self.shape) * self.classes + self.classes

    @property
    def averaged(self) -> int:
        """Weights and biases of one dense layer on the average of every map."""
        return self.shape[0] * self.classes + self.classes

    def describe(self) -> str:
        """Both sums worked out, and which way the network itself goes."""
        channels, height, width = self.shape
        worked = (
            f"The last maps are `{shape_text(self.shape)}`. A dense layer on all cells takes "
            f"{channels} · {height} · {width} · {self.classes} + {self.classes} = **{self.flattened:,}** weights; on "
            f"the averages {channels} · {self.classes} + {self.classes} = **{self.averaged:,}**, "
            f"{self.flattened / self.averaged:.3g} times fewer."
        )
        if self.pooled[1:] != (1, 1):
            rows, columns = self.pooled[1:]
            return f"{worked} This network averages down to {rows} × {columns} cells and flattens those."
        if self.own == 0:
            return f"{worked} This network needs neither: its last convolution makes one map for each class."
        return worked


def describe_head(model: VisionModel, x: Tensor) -> Head | None:
    """The head for inputs of x's shape (1, 3, H, W); None where no pooling layer stands before the classes."""
    last = _last_pooling(model, x)
    if last is None:
        return None
    every = summarize_layers(model, x)
    after = every[every.index(last) + 1 :]
    channels, height, width = last.input_shapes[0]
    return Head(
        layer=last.name,
        shape=(channels, height, width),
        pooled=(channels, *last.resolution),
        classes=len(model.classes),
        own=sum(facts.parameters for facts in after),
    )


def _last_pooling(model: VisionModel, x: Tensor) -> LayerFacts | None:
    layers = [facts for facts in pooling_layers(model, x) if len(facts.input_shapes[0]) == 3]
    return layers[-1] if layers else None


@dataclass(frozen=True)
class Acceptance:
    """Whether two heads take an input of one size.

    Attributes:
        side: of the square input, in pixels.
        shape: (C, H, W) of the last maps; None where the network does not get that far.
        own: why the network as it is refuses, "" where it runs.
        dense: why the same network with a dense layer on all cells refuses, "" where it runs.
    """

    side: int
    shape: tuple[int, int, int] | None
    own: str
    dense: str


def try_sizes(model: VisionModel, trained: int, sides: Sequence[int]) -> list[Acceptance]:
    """Run a network at several input sizes, as it is and with a flatten and dense head made for the trained size.

    The dense head is PyTorch's own layer on the "meta" device, where shapes are checked as everywhere but no weights
    take memory: on the last maps of a large network it would have 100 million of them.

    Args:
        model: from the zoo.
        trained: side of the input that the dense head is made for.
        sides: of the inputs to try.

    Raises:
        ValueError: no pooling layer stands before the classes.
    """
    head = describe_head(model, torch.zeros(1, 3, trained, trained))
    if head is None:
        raise ValueError(f"{model.name} has no pooling layer before its classes.")
    dense = nn.Sequential(nn.Flatten(), nn.Linear(prod(head.shape), head.classes, device="meta"))
    found = []
    for side in sides:
        try:
            read = record(model, torch.zeros(1, 3, side, side), layers=[head.layer], inputs=True)[head.layer].read
        except RuntimeError as error:
            refusal = explain_refusal(error)
            found.append(Acceptance(side, None, refusal, refusal))
            continue
        assert read is not None
        channels, height, width = read.shape[1:]
        refusal = ""
        try:
            dense(read.to("meta"))
        except RuntimeError:
            refusal = f"It gets {channels * height * width:,} values instead of {prod(head.shape):,}."
        found.append(Acceptance(side, (channels, height, width), "", refusal))
    return found
