"""The methods there are, and what each shows; by `class_activation`, `attribution`, `masking` and `attention`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["activation", "attribution", "attention"]


@dataclass(frozen=True)
class Method:
    """One way to ask a network where it looked.

    Attributes:
        name: what `explain` takes.
        label: what a person reads.
        family: "activation" weighs the maps of one layer, "attribution" goes back to the pixels, "attention" to what a
            transformer's class token attends to.
        shows: one sentence.
        needs_layer: whether it looks at one layer.
        signed: whether there are values below zero, which speak against the target.
        slow: whether it takes many passes through the network.
    """

    name: str
    label: str
    family: Family
    shows: str
    needs_layer: bool = False
    signed: bool = False
    slow: bool = False


def _activation(name: str, label: str, shows: str, signed: bool = False, slow: bool = False) -> Method:
    return Method(name, label, "activation", shows, True, signed, slow)


def _attribution(name: str, label: str, shows: str, signed: bool = False, slow: bool = False) -> Method:
    return Method(name, label, "attribution", shows, False, signed, slow)


_ALL = (
    _activation("grad-cam", "Grad-CAM", "The layer's maps, weighted by their mean gradients; what is below zero cut."),
    _activation(
        "grad-cam-pp", "Grad-CAM++", "As Grad-CAM, but cells with a positive gradient count more: several objects."
    ),
    _activation(
        "smooth-grad-cam-pp", "Smooth Grad-CAM++", "Grad-CAM++ with gradients averaged over noisy copies of the photo."
    ),
    _activation("xgrad-cam", "XGrad-CAM", "As Grad-CAM, with gradients averaged where the map is active."),
    _activation(
        "layer-cam", "Layer-CAM", "Every cell weighted by its own positive gradient: finer, also at early layers."
    ),
    _activation(
        "hires-cam",
        "HiResCAM",
        "Every cell weighted by its own gradient: bright only where the score reacts to what is there.",
        signed=True,
    ),
    _activation(
        "finer-cam",
        "Finer-CAM",
        "Grad-CAM of the score less 0.6 of the mean score of the three most similar classes, or of the one it is set "
        "against: what tells them apart.",
    ),
    _activation(
        "refine-cam",
        "RefineCAM",
        "The Grad-CAM++ maps of this layer and of earlier, finer ones, multiplied: bright where all of them are.",
    ),
    _activation(
        "cam",
        "CAM",
        "The last maps, weighted by the class's row of the dense layer: their mean is the score but for the bias.",
        signed=True,
    ),
    _activation(
        "score-cam",
        "Score-CAM",
        "Each map weighted by the score that the photo keeps when only what the map lights up is shown; no gradients.",
        slow=True,
    ),
    _activation(
        "ss-cam",
        "SS-CAM",
        "Score-CAM with noise added to what a map lights up, and the score averaged over ten draws of it.",
        slow=True,
    ),
    _activation(
        "is-cam",
        "IS-CAM",
        "Score-CAM with the score averaged over ten steps in which what a map lights up grows brighter.",
        slow=True,
    ),
    _attribution("saliency", "Saliency", "How strongly the score reacts to a tiny change of each pixel."),
    _attribution(
        "input-x-gradient",
        "Input × Gradient",
        "The gradient times the pixel, measured from the mean colour: a linear guess of each pixel's share.",
        signed=True,
    ),
    _attribution(
        "integrated-gradients",
        "Integrated Gradients",
        "Gradients gathered on the way from the mean colour to the photo; all shares together are the change of score.",
        signed=True,
        slow=True,
    ),
    _attribution(
        "smoothgrad", "SmoothGrad", "Saliency averaged over noisy copies of the photo: less speckled.", slow=True
    ),
    _attribution(
        "occlusion",
        "Occlusion",
        "How much the score falls when a window of the photo is covered with the mean colour.",
        signed=True,
        slow=True,
    ),
    _attribution(
        "guided-backprop",
        "Guided Backprop",
        "The gradient with everything negative cut at each ReLU: sharp edges, hardly any evidence for the class.",
        signed=True,
    ),
    Method(
        "legrad",
        "LeGrad",
        "attention",
        "Attention to which patches would raise the score if there were more of it: the mean over all blocks.",
    ),
)
FAST = ("score-cam", "ss-cam", "is-cam", "occlusion")  # methods that can approximate
METHODS: dict[str, Method] = {method.name: method for method in _ALL}
