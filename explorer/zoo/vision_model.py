"""`VisionModel`: any network the explorer can open, under one type."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from explorer.zoo import served
from explorer.zoo.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class VisionModel:
    """A classifier that is ready to be looked into, shared by every session that opened it.

    Attributes:
        name: what `load_model` was asked for.
        title: one line for people.
        network: in evaluation mode, without gradients, without in-place operations of its modules.
            Never call `.train()` on it or hook it: others use it at this moment.
        preprocessing: from an image to its input.
        classes: names of the logits, in order.
        card: where the weights come from and what was measured.
    """

    name: str
    title: str
    network: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    card: dict[str, Any]

    @property
    def device(self) -> torch.device:
        """Where the weights are; the CPU for a network that has none."""
        first = next(chain(self.network.parameters(), self.network.buffers()), None)
        return torch.device("cpu") if first is None else first.device

    @property
    def parameters(self) -> int:
        """Number of weights, biases included, buffers not."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def only_size(self) -> int | None:
        """Side of the only square that the network takes, in pixels; None where it takes any.

        A ViT has learned one position for each of its patches.
        """
        size = getattr(self.network, "image_size", None)
        return size if isinstance(size, int) else None

    def probabilities(self, image: Image.Image) -> NDArray[np.float32]:
        """(classes,) what the network makes of a picture, 0 to 1."""
        found: NDArray[np.float32] = self.logits(self.preprocessing.tensor(image))[0].softmax(0).numpy()
        return found

    def logits(self, x: Tensor) -> Tensor:
        """A forward pass without gradients, in parts that every network of the zoo has room for.

        With `EXPLORER_SERVE` the zoo's networks pass on a cluster, see `explorer.zoo.served`.

        Args:
            x: (N, 3, H, W), normalised, on any device; not changed.

        Returns:
            (N, classes) float32 on the CPU.
        """
        return torch.cat([self._pass(part) for part in x.split(max(1, served.PIXELS // (x.shape[2] * x.shape[3])))])

    def _pass(self, x: Tensor) -> Tensor:
        if (answer := served.ask(self.network, x)) is not None:
            return answer["logits"]
        with torch.inference_mode():
            return self.network(x.to(self.device, copy=True)).float().cpu()

    def with_preprocessing(self, preprocessing: Preprocessing) -> VisionModel:
        """The same network behind another preprocessing; the weights are shared."""
        return replace(self, preprocessing=preprocessing)


def publish(network: nn.Module, device: torch.device) -> nn.Module:
    """Make a network safe to share: evaluation mode, frozen, no in-place modules, on its device.

    An in-place ReLU would overwrite the activations of the layer before it.
    """
    for module in network.modules():
        if getattr(module, "inplace", False):
            module.inplace = False  # type: ignore[assignment]
    return network.eval().requires_grad_(False).to(device)
