"""The self-attention of a Swin transformer: within windows, every other block's shifted by half a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from explorer.anatomy import record
from explorer.saliency.attention.weights import entropy_bits
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.text import count_text
from explorer.zoo import VisionModel

Pair = tuple[int, int]  # down, to the right


@dataclass(frozen=True, eq=False)
class WindowAttention:
    """Who attends to whom in one block of a Swin transformer.

    Attributes:
        block: path of the self-attention.
        weights: (windows, heads, places, places), each row with sum 1; windows and places in reading order.
        cells: rows and columns of the maps.
        window: rows and columns of a window.
        shift: how far the maps were rolled up and to the left before they were cut into windows.
    """

    block: str
    weights: Tensor
    cells: Pair
    window: Pair
    shift: Pair

    @property
    def maps(self) -> Tensor:
        """(heads, rows, columns) how much each place is attended to: the mean over the queries of its window.

        Where everybody attends to everybody alike, it is 1 / places everywhere.
        """
        asking = self._asking()[:, None, :, None]  # (windows, 1, places, 1)
        shares = (self.weights * asking).sum(2) / asking.sum(2).clamp(min=1)  # (windows, heads, places)
        return self._laid_out(shares)

    @property
    def entropy(self) -> Tensor:
        """(heads,) in bits, the mean over all queries: log2(places) where everything is looked at alike."""
        asking = self._asking()  # (windows, places)
        bits = entropy_bits(self.weights)  # (windows, heads, places)
        return (bits * asking[:, None]).sum((0, 2)) / asking.sum()

    def describe(self) -> str:
        """Size, windows and shift in words."""
        windows = count_text(len(self.weights), "window")
        shift = f"shifted by {self.shift[0]} × {self.shift[1]} cells" if any(self.shift) else "not shifted"
        return f"{self.cells[0]} × {self.cells[1]} cells in {windows} of {self.window[0]} × {self.window[1]}, {shift}"

    def _grid(self) -> Pair:
        """How many windows lie below and beside each other; the last ones may reach into padding."""
        return -(-self.cells[0] // self.window[0]), -(-self.cells[1] // self.window[1])

    def _laid_out(self, values: Tensor) -> Tensor:
        """From (windows, heads, places) to (heads, rows, columns), rolled back and without the padding."""
        down, across = self._grid()
        high, wide = self.window
        parted = values.reshape(down, across, -1, high, wide).permute(2, 0, 3, 1, 4)
        rolled = parted.reshape(-1, down * high, across * wide)
        return rolled.roll(self.shift, (1, 2))[:, : self.cells[0], : self.cells[1]]

    def _asking(self) -> Tensor:
        """(windows, places) 1 for places of the picture, 0 for padding."""
        down, across = self._grid()
        high, wide = self.window
        real = self.weights.new_zeros(down * high, across * wide)
        real[: self.cells[0], : self.cells[1]] = 1
        rolled = real.roll((-self.shift[0], -self.shift[1]), (0, 1))
        return rolled.reshape(down, high, across, wide).swapaxes(1, 2).reshape(down * across, high * wide)


class _SoftmaxTap(TorchFunctionMode):
    """Keeps what the softmax in torchvision's code gives: its weights are handed out in no other way."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") == "softmax":
            self.weights = output
        return output


def window_attention(model: VisionModel, x: Tensor) -> tuple[WindowAttention, ...]:
    """The attention of every block for one picture, in execution order.

    Args:
        model: a Swin transformer (torchvision's first version).
        x: (1, 3, H, W), normalised.

    Raises:
        SaliencyImpossible: the network has no attention in shifted windows.
    """
    modules = {
        path: module
        for path, module in model.network.named_modules()
        if isinstance(module, ShiftedWindowAttention) and not isinstance(module, ShiftedWindowAttentionV2)
    }
    if not modules:
        raise SaliencyImpossible(f"{model.name} has no attention in shifted windows; Swin has.")
    return tuple(
        _attend(layer.name, modules[layer.facts.path], layer.read)
        for layer in record(model, x, modules, inputs=True)
        if layer.read is not None
    )


def _attend(block: str, module: ShiftedWindowAttention, read: Tensor) -> WindowAttention:
    """Ask one attention again for what it read, (1, H, W, C)."""
    with torch.inference_mode(), _SoftmaxTap() as tap:
        module(read)
    assert tap.weights is not None
    cells = (read.shape[1], read.shape[2])
    window = (module.window_size[0], module.window_size[1])
    # A window that covers all there is has nowhere to be shifted to.
    rows, columns = (
        0 if side >= count else step for side, count, step in zip(window, cells, module.shift_size, strict=True)
    )
    places = window[0] * window[1]
    weights = tap.weights.reshape(-1, module.num_heads, places, places)
    return WindowAttention(block, weights, cells, window, (rows, columns))
