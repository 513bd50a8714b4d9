"""Which layers of a network a class activation map can be made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from explorer.anatomy import INPUT, LayerFacts, summarize_layers
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.zoo import VisionModel

_CONVOLUTIONS = ("Conv2d", "conv2d", "ConvTranspose2d", "conv_transpose2d")


def layers_for(model: VisionModel, x: Tensor) -> tuple[LayerFacts, ...]:
    """The layers a class activation map can be made of, in execution order, for inputs of x's shape (1, 3, H, W).

    They have maps that a convolution has made; those with a single cell are among them only where there are no others.
    """
    return _wide(_with_maps(summarize_layers(model, x)))


def default_layer(model: VisionModel, x: Tensor) -> str:
    """The last layer with maps: what the network knows just before it stops asking where.

    Where the last maps are those of the classes (SqueezeNet), it is the layer that they are made of.

    Raises:
        SaliencyImpossible: there is none.
    """
    return find_layer(model, x, None).name


def find_layer(model: VisionModel, x: Tensor, name: str | None) -> LayerFacts:
    """The facts of one layer, if a class activation map can be made of it.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), for its shape.
        name: of the layer; `default_layer` if None.

    Raises:
        SaliencyImpossible: there is no such layer, or it has no maps.
    """
    every = summarize_layers(model, x)
    mapped = _with_maps(every)
    if name is None:
        if not mapped:
            raise SaliencyImpossible(
                f"{model.name} has no convolution whose maps reach its classes: there is no layer for a class "
                "activation map."
            )
        found = _wide(mapped)
        head = _follow_head(model, every)
        return head[0] if head and head[0] in found else found[-1]
    facts = next((each for each in every if each.name == name), None)
    if facts is None:
        raise SaliencyImpossible(f"{model.name} has no layer {name!r} that takes part in a forward pass.")
    if len(facts.shape) != 3:
        wide = _wide(mapped)
        advice = f"only {wide[0].name} has maps" if len(wide) == 1 else "choose one with maps"
        raise SaliencyImpossible(
            f"{name} gives {' × '.join(map(str, facts.shape))} values without rows and columns; {advice}."
        )
    if facts not in mapped:
        raise SaliencyImpossible(f"No convolution stands before {name}: its maps are the picture itself.")
    return facts


def _wide(mapped: tuple[LayerFacts, ...]) -> tuple[LayerFacts, ...]:
    return tuple(facts for facts in mapped if facts.resolution != (1, 1)) or mapped


def _with_maps(every: Sequence[LayerFacts]) -> tuple[LayerFacts, ...]:
    """Layers with three axes that depend on a convolution."""
    convolved: set[str] = set()
    for facts in every:
        if facts.kind in _CONVOLUTIONS or convolved & set(facts.inputs):
            convolved.add(facts.name)
    return tuple(facts for facts in every if facts.name in convolved and len(facts.shape) == 3)


@dataclass(frozen=True)
class LinearHead:
    """A head that makes the score a weighted sum of the last maps' means, which is what CAM needs.

    Attributes:
        layer: whose maps are averaged.
        weights: path of the dense layer, or of the 1 x 1 convolution that makes one map a class.
    """

    layer: str
    weights: str


_PASSIVE = ("Dropout", "Dropout2d", "Identity", "Flatten", "flatten")
_POOLING = ("AdaptiveAvgPool2d", "adaptive_avg_pool2d", "mean", "AvgPool2d", "avg_pool2d")


def linear_head(model: VisionModel, x: Tensor) -> LinearHead | None:
    """The head, where nothing but global average pooling and one dense layer follow the last maps.

    A 1 x 1 convolution to one map a class with ReLU and pooling after it (SqueezeNet) counts as well.
    """
    every = summarize_layers(model, x)
    head = _follow_head(model, every)
    return LinearHead(head[0].name, head[1]) if head and head[0] in _with_maps(every) else None


def _follow_head(model: VisionModel, every: Sequence[LayerFacts]) -> tuple[LayerFacts, str] | None:
    """From the classes back to the maps that are averaged, and the path of the weights on the way."""
    by_name = {facts.name: facts for facts in every}
    facts = every[-1] if every else None
    weights, pooled = "", False
    while facts is not None and len(facts.inputs) == 1:
        if facts.kind in ("Linear", "Conv2d"):
            if weights or not _makes_classes(model, facts):
                break
            weights = facts.path
        elif facts.kind in _POOLING:
            if pooled or facts.resolution != (1, 1):
                break
            pooled = True
        elif facts.kind not in _PASSIVE and not (facts.kind == "ReLU" and not weights):
            break
        facts = None if facts.inputs[0] == INPUT else by_name[facts.inputs[0]]
    return (facts, weights) if facts is not None and weights and pooled else None


def _makes_classes(model: VisionModel, facts: LayerFacts) -> bool:
    """Whether a layer is a dense layer, or a 1 x 1 convolution, to as many values as there are classes."""
    module = model.network.get_submodule(facts.path)
    if isinstance(module, nn.Conv2d):
        return module.kernel_size == (1, 1) and module.out_channels == len(model.classes)
    return isinstance(module, nn.Linear) and module.out_features == len(model.classes)
