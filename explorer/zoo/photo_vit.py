"""A hybrid vision transformer: cells of a convolutional network's stages, read by blocks of self-attention.

After Dosovitskiy et al. 2021, section 3.1 (https://arxiv.org/abs/2010.11929): each cell of a feature map is a token,
one more token belongs to the class and reads the answer in the end. The convolutions are those of EfficientNet-Lite0.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.zoo.efficientnet_lite import STAGES, efficientnet_lite0

STAGES_USED = 6  # of the seven: the fifth has stride 16 and gives the grid, the sixth stride 32
CHANNELS = STAGES[4][3] + STAGES[5][3]
WIDTH, HEADS, BLOCKS = 128, 4, 6


def sine_positions(rows: int, columns: int, channels: int) -> Tensor:
    """Where each cell of a grid lies, as sines and cosines (Vaswani et al. 2017), for a grid of any size.

    Half of the channels tell the row, the other half the column; wavelengths grow from 2 pi to 20,000 pi cells.

    Args:
        rows, columns: of the grid.
        channels: C, a multiple of four.

    Returns:
        (rows * columns, C), row by row.
    """
    frequencies = 10_000.0 ** -(torch.arange(channels // 4) / (channels // 4))  # (C/4,)

    def along(cells: int) -> Tensor:
        angles = torch.arange(cells)[:, None] * frequencies
        return torch.cat([angles.sin(), angles.cos()], dim=1)  # (cells, C/2)

    high = along(rows)[:, None].expand(-1, columns, -1)
    wide = along(columns)[None].expand(rows, -1, -1)
    return torch.cat([high, wide], dim=2).flatten(0, 1)


def fuse(fine: Tensor, coarse: Tensor) -> Tensor:
    """Cells of one stage (B, C, H, W) with those of a coarser one (B, D, h, w) under them: (B, C + D, H, W)."""
    return torch.cat([fine, F.interpolate(coarse, fine.shape[2:])], dim=1)


class TransformerBlock(nn.Module):
    """Self-attention, then two linear layers, each after a layer norm and added to what came in (Vaswani et al. 2017).

    Args:
        channels: of a token.
        heads: of the attention.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.norm2 = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 4 * channels)
        self.gelu = nn.GELU()
        self.narrow = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        read = self.norm1(x)
        gathered, _ = self.attention(read, read, read, need_weights=False)  # (B, N, C)
        x = x + gathered
        return x + self.narrow(self.gelu(self.widen(self.norm2(x))))


class PhotoViT(nn.Module):
    """EfficientNet-Lite0 up to its sixth stage, then a transformer with a class token over its cells.

    A token is a cell of the fifth stage, with the cell of the sixth above it, which covers four of them. Takes
    pictures of any size and shape: positions are computed, not learned.

    Args:
        num_classes: length of the logits.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        early = efficientnet_lite0(1)
        self.stem = early.stem
        self.stages = early.stages[:STAGES_USED]
        self.embedding = nn.Conv2d(CHANNELS, WIDTH, 1)
        self.class_token = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.blocks = nn.Sequential()
        for number in range(BLOCKS):
            self.blocks.add_module(f"block{number}", TransformerBlock(WIDTH, HEADS))
        self.norm = nn.LayerNorm(WIDTH)
        self.classifier = nn.Linear(WIDTH, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.read(self.tokens(self.cells(x))))

    def cells(self, x: Tensor) -> Tensor:
        """What the convolutions make of pictures (B, 3, H, W): (B, 304, rows, columns)."""
        x = self.stem(x)
        for stage in self.stages:
            fine, x = x, stage(x)  # in the end (B, 112, H/16, W/16) and (B, 192, H/32, W/32)
        return fuse(fine, x)

    def tokens(self, cells: Tensor) -> Tensor:
        """What the transformer is given: (B, rows * columns, C) from cells (B, 304, rows, columns), row by row."""
        rows, columns = cells.shape[2:]
        tokens = self.embedding(cells).flatten(2).transpose(1, 2)
        return tokens + sine_positions(rows, columns, WIDTH).to(tokens)

    def with_class_token(self, tokens: Tensor) -> Tensor:
        """The class token before the others (B, N, C): (B, N + 1, C)."""
        return torch.cat([self.class_token.expand(len(tokens), -1, -1).to(tokens), tokens], dim=1)

    def read(self, tokens: Tensor) -> Tensor:
        """The class token (B, C) after all blocks, given the others (B, N, C)."""
        return self.norm(self.blocks(self.with_class_token(tokens)))[:, 0]


def photo_vit(num_classes: int = 10) -> PhotoViT:
    """For photographs of 224x224 and up, which are 14x14 tokens and more."""
    return PhotoViT(num_classes)
