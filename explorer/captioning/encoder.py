"""From a picture to a grid of annotation vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.zoo.architectures import ResidualBlock, ResNet
from explorer.zoo.efficientnet_lite import HEAD, STAGES, EfficientNetLite

FINE_STAGE = 5  # the last at stride 16
# Stage 5 ends without ReLU6: its numbers spread eight times as far as the head's, and would drown them.
FINE_SCALE = 1 / 8


class Encoder(nn.Module):
    """The convolutions of a `ResNet`, without its average and its classes, and one more stage of the same resolution.

    Every cell of its last feature map is one annotation vector (Xu et al. 2015, section 3.1.1).

    Args:
        stem, stem_strides, widths, blocks: as for `ResNet`.
        annotation: width of an annotation vector: the channels of the last stage, and of the position.
        pool: cells of the last map that are averaged into one, in both directions.
        positions: frequencies at which a cell's place is written into its vector, see `place`. Without them a
            decoder can look for a thing, but not for a place.
    """

    def __init__(
        self,
        stem: Sequence[int],
        stem_strides: Sequence[int],
        widths: Sequence[int],
        blocks: Sequence[int],
        annotation: int,
        pool: int = 1,
        positions: int = 0,
    ) -> None:
        super().__init__()
        body = ResNet(1, stem, stem_strides, widths, blocks)
        self.stem, self.stages = body.stem, body.stages
        last = nn.Sequential()
        last.add_module("block1", ResidualBlock(widths[-1], annotation - 4 * positions))
        self.stages.add_module(f"stage{len(widths) + 1}", last)
        self.annotation, self.pool, self.positions = annotation, pool, positions
        self.stride = math.prod(stem_strides) * 2 ** (len(widths) - 1) * pool

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stages(self.stem(x))  # (B, D, h, w), or less in every direction from here on
        if self.pool > 1:
            maps = F.avg_pool2d(maps, self.pool)
        if self.positions:
            where = place(maps.shape[2], maps.shape[3], self.positions).to(maps)
            maps = torch.cat([maps, where.expand(len(maps), -1, -1, -1)], dim=1)
        return maps


class PhotoEncoder(nn.Module):
    """The convolutions of an EfficientNet-Lite, whose weights it shares: coarse cells that know what finer ones see.

    A cell is the head's channels at stride 32 and, beside them and made smaller, the four cells of stage 5 at stride 16
    that lie there.

    Args:
        network: with its weights; it is not changed.
    """

    annotation = HEAD + 4 * STAGES[FINE_STAGE - 1][-1]
    stride = 32

    def __init__(self, network: EfficientNetLite) -> None:
        super().__init__()
        self.stem, self.stages, self.head = network.stem, network.stages, network.head

    def forward(self, x: Tensor) -> Tensor:
        maps = self.stem(x)
        for number, stage in enumerate(self.stages, start=1):
            maps = stage(maps)
            if number == FINE_STAGE:
                fine = F.pixel_unshuffle(maps, 2) * FINE_SCALE  # (B, 4 * 112, h, w)
        return torch.cat([self.head(maps), fine], dim=1)  # (B, 1280 + 448, h, w)


def place(rows: int, columns: int, frequencies: int) -> Tensor:
    """Where every cell of a map is, as sines and cosines (after Vaswani et al. 2017, section 3.5).

    Args:
        rows, columns: h and w of the map.
        frequencies: n; the k-th goes 2 ** k / 2 times round from one edge of the map to the other.

    Returns:
        (4 n, h, w) in [-1, 1]: sine and cosine of the row, then of the column, of every frequency.
    """
    channels = []
    for k in range(frequencies):
        for count, axis in ((rows, 1), (columns, 0)):
            turn = 2**k * math.pi * ((torch.arange(count) + 0.5) / count - 0.5)  # (count,)
            channels += [wave.unsqueeze(axis).expand(rows, columns) for wave in (turn.sin(), turn.cos())]
    return torch.stack(channels)


def annotation_vectors(maps: Tensor) -> Tensor:
    """The cells of feature maps (B, D, h, w), row by row, as vectors: (B, h * w, D)."""
    return maps.flatten(2).transpose(1, 2)
