"""The types a recorded forward pass is made of, and what a change in it does to the prediction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy.receptive_field import ReceptiveField
from explorer.rendering import format_percent
from explorer.text import NameUnknown

INPUT = "input"  # the name of the image among a layer's inputs


class LayerUnknown(NameUnknown):
    """The network has no layer of that name."""


@dataclass(frozen=True)
class LayerFacts:
    """What can be said of a layer without its values, for one input size.

    Attributes:
        name: the module's path and, for functions, the function's name after it, as in torchvision's
            `create_feature_extractor`: "layer1.0.conv1", "layer1.0.add"; a second call ends in "_1", or in the next
            number where that is the name of another layer.
        kind: the module's class ("Conv2d") or the function ("add", "flatten").
        inputs: names of the layers it reads, "input" for the image.
        input_shapes: their shapes without the batch.
        shape: of its output without the batch: (C, H, W), or (C,) once rows and columns are gone.
        parameters: weights and biases of this layer.
        macs: multiply-adds for one image; biases, normalisation and activations count as none.
        activation_bytes: of its output for one image.
        receptive_field: which pixels a cell of its output can depend on.
        path: the module it belongs to, without the function's name.
        call: the number of this call of the module, from 0; None for a function.
        channel_axis: where the channels are in the raw output, batch included (1, or 3 for channels-last code).
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    parameters: int
    macs: int
    activation_bytes: int
    receptive_field: ReceptiveField
    path: str
    call: int | None
    channel_axis: int

    @property
    def channels(self) -> int:
        """Number of feature maps."""
        return self.shape[0]

    @property
    def resolution(self) -> tuple[int, int]:
        """Rows and columns of each map; 1 x 1 once they are gone."""
        return (self.shape[1], self.shape[2]) if len(self.shape) == 3 else (1, 1)


@dataclass(frozen=True, eq=False)
class LayerRecord:
    """One layer of one forward pass: its facts, and what it gave for this image.

    Attributes:
        facts: everything that does not depend on the image.
        output: (C, H, W), or (C,); on the network's device.
        read: the first tensor it was given, as the network gave it, batch included; None unless asked for.
    """

    facts: LayerFacts
    output: Tensor
    read: Tensor | None = None

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def kind(self) -> str:
        return self.facts.kind

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.facts.inputs

    @property
    def parameters(self) -> int:
        return self.facts.parameters

    @property
    def macs(self) -> int:
        return self.facts.macs

    @property
    def receptive_field(self) -> ReceptiveField:
        return self.facts.receptive_field

    @property
    def maps(self) -> Tensor:
        """The output as maps, (C, H, W); a vector is C maps of one cell."""
        return self.output if self.output.ndim == 3 else self.output.reshape(-1, 1, 1)


@dataclass(frozen=True, eq=False)
class Recording:
    """The layers of one forward pass, in execution order.

    Attributes:
        layers: the recorded ones, by name.
        logits: (num_classes,).
        input: (3, H, W), the normalised image.
    """

    layers: dict[str, LayerRecord]
    logits: Tensor
    input: Tensor

    @property
    def probabilities(self) -> Tensor:
        """(num_classes,) float32, the softmax of the logits."""
        return self.logits.float().softmax(0)

    def __iter__(self) -> Iterator[LayerRecord]:
        return iter(self.layers.values())

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, name: str) -> LayerRecord:
        try:
            return self.layers[name]
        except KeyError:
            raise LayerUnknown(f"No layer {name!r} was recorded; there are {len(self.layers)} others.") from None


@dataclass(frozen=True)
class Edit:
    """A change to make during the pass: scale some channels of one layer's output.

    Attributes:
        layer: its name.
        scale: what to multiply by; 0 switches off.
        channels: which; all of them if None.
    """

    layer: str
    scale: float = 0.0
    channels: tuple[int, ...] | None = None

    def describe(self, channels: int) -> str:
        """What is changed, in words; `channels` is how many the layer has."""
        if self.channels is None:
            which = f"All {channels:,} channels" if channels > 1 else "The only channel"
        elif len(self.channels) == 1:
            which = f"Channel {self.channels[0]}"
        else:
            listed = ", ".join(map(str, self.channels[:8])) + (", …" if len(self.channels) > 8 else "")
            which = f"{len(self.channels)} of {channels} channels ({listed})"
        many = (channels if self.channels is None else len(self.channels)) > 1
        verb = "are" if many else "is"
        does = f"{verb} off" if self.scale == 0 else f"{verb} multiplied by {self.scale:g}"
        return f"{which} of `{self.layer}` {does}."


def layers_behind(layers: Sequence[LayerFacts], name: str) -> tuple[LayerFacts, ...]:
    """The layers whose maps depend on a layer, in execution order; maps of a single cell do not count.

    Args:
        layers: all of the network, in execution order.
        name: of the layer.
    """
    reached, found = {name}, []
    for facts in layers:
        if facts.name != name and reached & set(facts.inputs):
            reached.add(facts.name)
            if len(facts.shape) == 3 and facts.resolution != (1, 1):
                found.append(facts)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class PredictionChange:
    """What a change does to a prediction.

    Attributes:
        before, after: (num_classes,) probabilities.
        target: index of the class that is asked about.
        likely: how many classes of either prediction are compared, so up to twice as many and the one asked about.
    """

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    target: int
    likely: int = 4

    @classmethod
    def of_best(cls, before: NDArray[np.float32], after: NDArray[np.float32], likely: int = 5) -> PredictionChange:
        """The change as seen by the class that was the most probable one."""
        return cls(before, after, int(before.argmax()), likely)

    def shown(self) -> list[int]:
        """The most probable classes of both and the one asked about, in falling order of what they were before."""
        likely = [int(index) for each in (self.before, self.after) for index in each.argsort()[::-1][: self.likely]]
        return sorted({*likely, self.target}, key=lambda index: -self.before[index])

    def bars(self, names: Sequence[str]) -> tuple[list[str], list[float], list[float]]:
        """Names, probabilities after and before of the classes that are shown, given the names of all."""
        shown = self.shown()
        after, before = ([float(each[index]) for index in shown] for each in (self.after, self.before))
        return [names[index] for index in shown], after, before

    def describe(self, names: Sequence[str]) -> str:
        """How far the class moved, and whether the prediction is another one."""
        old, new = (float(each[self.target]) for each in (self.before, self.after))
        first, then = int(self.before.argmax()), int(self.after.argmax())
        if np.allclose(self.before, self.after, rtol=1e-5, atol=1e-7):
            return f"**{names[self.target]}** stays at {format_percent(old)}: nothing has changed."
        said = f"**{names[self.target]}** goes from {format_percent(old)} to {format_percent(new)}"
        if first == then:
            return f"{said}; the prediction stays {'the same' if then == self.target else f'**{names[then]}**'}."
        share = "" if then == self.target else f" with {format_percent(float(self.after[then]))}"
        was = "" if first == self.target else f", no longer {names[first]}"
        return f"{said}; the prediction is now **{names[then]}**{share}{was}."
