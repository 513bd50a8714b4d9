"""What a change of the picture does to the feature maps: which layers stay still, and which follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from explorer.anatomy import record
from explorer.augmentation.motion import Motion
from explorer.augmentation.rejection import PipelineRejected
from explorer.zoo import VisionModel

CHANNELS = 16  # maps that are shown, those that change most


@dataclass(frozen=True, eq=False)
class MapComparison:
    """The maps of one layer for two pictures.

    Attributes:
        layer: its name.
        original, augmented: (C, H, W).
        difference: augmented less original, (C, H, W).
    """

    layer: str
    original: NDArray[np.float32]
    augmented: NDArray[np.float32]
    difference: NDArray[np.float32]

    @property
    def cosine(self) -> float:
        """Between all values of both; 1 for maps that are alike up to a factor."""
        return cosine(torch.from_numpy(self.original), torch.from_numpy(self.augmented))


def compare_maps(model: VisionModel, layer: str, original: Image.Image, augmented: Image.Image) -> MapComparison:
    """The maps of a layer for the original and the augmented picture, each through the model's preprocessing.

    Raises:
        LayerUnknown: the network has no such layer.
    """
    first, second = (
        record(model, model.preprocessing.tensor(image), layers=[layer])[layer].maps.float().cpu().numpy()
        for image in (original, augmented)
    )
    return MapComparison(layer, first, second, second - first)


def cosine(first: Tensor, second: Tensor) -> float:
    """Of the angle between two tensors taken as vectors; 1 where both are zero, 0 where one is."""
    a, b = first.flatten().double(), second.flatten().double()
    lengths = float(a.norm() * b.norm())
    if lengths == 0:
        return float(not a.any() and not b.any())
    return float(a @ b) / lengths


@dataclass(frozen=True)
class LayerInvariance:
    """How one layer answers to a change of the picture.

    All three numbers are cosines over the same cells and all channels. Maps behind a ReLU have no negative values, so
    that even unrelated ones are alike to some degree: `chance` says to which.

    Attributes:
        name, kind: of the layer.
        shape: of its output, (C, H, W) or (C,).
        invariance: between the maps of both pictures as they are; 1 if the layer does not notice the change.
        equivariance: between the maps of the changed picture and those of the original one moved as the picture was
            moved; 1 if the maps follow the picture. None where the change is no motion, and where there are no rows
            and columns that could follow.
        chance: what the invariance would be on average if the cells of one were shuffled at random, the same way in
            every channel.
        seen: share of the cells that are compared, those about which the moved original says something.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    invariance: float
    equivariance: float | None
    chance: float
    seen: float


@dataclass(frozen=True, eq=False)
class Invariance:
    """The answer of every layer.

    Attributes:
        original, changed: (S, S, 3) uint8, what the network saw.
        layers: in execution order.
    """

    original: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    layers: tuple[LayerInvariance, ...]


def measure_invariance(
    model: VisionModel, image: Image.Image, motion: Motion | None = None, augmented: Image.Image | None = None
) -> Invariance:
    """One number for invariance and one for equivariance of each layer.

    Lenc & Vedaldi (2015) call a representation f equivariant to a change g of the picture if there is a map M with
    f(g(x)) = M f(x), and invariant if M leaves f(x) as it is. They fit M; here it is given: the very motion of the
    picture, done to every map in its own grid, with the channels as they are. So a layer that answers to a turned edge
    in another channel follows in their sense and not in this one. Cells that come from outside of the original are left
    out, but what lay beyond the edge still reaches cells near it through their receptive fields, so that even a
    convolution that follows exactly stays a little below 1.

    Args:
        model: from the zoo.
        image: RGB.
        motion: done to the square that the network sees: both numbers.
        augmented: instead of a motion, any picture: invariance alone.

    Raises:
        PipelineRejected: neither or both of motion and augmented are given.
    """
    if (motion is None) == (augmented is None):
        raise PipelineRejected("Give either a motion or another picture to compare with.")
    original = model.preprocessing.pixels(image)
    if motion is not None:
        changed = move_pixels(original, motion)
    else:
        assert augmented is not None
        changed = model.preprocessing.pixels(augmented)
    before, after = (record(model, model.preprocessing.as_input(pixels[None])) for pixels in (original, changed))
    layers = []
    for layer in before:
        first, second = layer.maps.float().cpu(), after[layer.name].maps.float().cpu()
        layers.append(_compare(layer.name, layer.kind, layer.facts.shape, first, second, motion))
    return Invariance(original, changed, tuple(layers))


def move_pixels(pixels: NDArray[np.uint8], motion: Motion) -> NDArray[np.uint8]:
    """A picture (H, W, 3) after a motion, black where nothing is known."""
    planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float()
    moved: NDArray[np.uint8] = motion.apply(planes).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    return np.ascontiguousarray(moved)


def _compare(
    name: str, kind: str, shape: tuple[int, ...], first: Tensor, second: Tensor, motion: Motion | None
) -> LayerInvariance:
    """First and second: maps (C, H, W) of the original and of the changed picture."""
    cells = first.shape[1] * first.shape[2]
    seen = torch.ones(first.shape[1:], dtype=torch.bool)
    equivariance = None
    if motion is not None and cells > 1:
        inside = motion.inside(first)
        if inside.any():
            seen = inside
            equivariance = cosine(motion.apply(first)[:, seen], second[:, seen])
    a, b = first[:, seen], second[:, seen]  # (C, cells)
    return LayerInvariance(
        name, kind, shape, cosine(a, b), equivariance, chance_cosine(a, b), float(seen.float().mean())
    )


def chance_cosine(first: Tensor, second: Tensor) -> float:
    """The mean cosine of (C, cells) and (C, cells) over all shuffles of the cells of one, alike in every channel.

    Each cell meets each other one equally often: the mean inner product is the number of cells times the sum over
    channels of the product of both means, and the lengths stay.
    """
    a, b = first.double(), second.double()
    lengths = float(a.norm() * b.norm())
    if lengths == 0:
        return cosine(a, b)
    return float(a.shape[1] * (a.mean(dim=1) @ b.mean(dim=1))) / lengths


def strongest_changes(compared: MapComparison) -> list[int]:
    """Channels whose maps change most, in falling order."""
    lengths = np.linalg.norm(compared.difference.reshape(len(compared.difference), -1), axis=1)
    return [int(channel) for channel in np.argsort(-lengths, kind="stable")[:CHANNELS]]
