"""EfficientNet-Lite0: a network for photographs with ImageNet's 1,000 classes, small enough for a laptop.

The architecture is EfficientNet-B0 (Tan & Le 2019, https://arxiv.org/abs/1905.11946) without squeeze-and-excitation
and with ReLU6 in place of swish, as Google published it in 2020 for phones. Its blocks are MobileNetV2's inverted
residuals (Sandler et al. 2018, https://arxiv.org/abs/1801.04381): expand to many channels, filter each channel by
itself, project back to few.

The weights were trained in TensorFlow, whose "same" padding differs from PyTorch's: see `SamePadding`.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPSILON = 1e-3  # of batch normalisation, as these weights were trained
EXPANSION = 6  # channels inside a block for each one that comes in; the first stage does not expand
# Of every stage: blocks, kernel size, stride of the first block, output channels (Tan & Le 2019, table 1).
STAGES = ((1, 3, 1, 16), (2, 3, 2, 24), (2, 5, 2, 40), (3, 3, 2, 80), (3, 5, 1, 112), (4, 5, 2, 192), (1, 3, 1, 320))
STEM, HEAD = 32, 1280


class SamePadding(nn.Module):
    """Zeros around a map, so that a convolution gives ceil(size / stride) cells along each axis.

    max((ceil(n / s) - 1) * s + k - n, 0) cells are added in all. TensorFlow puts half of them, rounded down, before the
    first cell and the rest behind the last; at stride 2 and an even size that is one more to the right and below.

    Args:
        kernel: side of the convolution that follows.
        stride: of that convolution.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def sides(self, size: int) -> tuple[int, int]:
        """How many cells are added before and behind the `size` cells of one axis."""
        added = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
        return added // 2, added - added // 2

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        return F.pad(x, (*self.sides(width), *self.sides(height)))  # (B, C, H + r, W + c)

    def extra_repr(self) -> str:
        return f"kernel={self.kernel}, stride={self.stride}"


def _convolve(
    in_channels: int, channels: int, kernel: int = 1, stride: int = 1, groups: int = 1, relu: bool = True
) -> nn.Sequential:
    """A convolution with "same" padding, batch normalisation, and ReLU6 unless the result stays linear."""
    layers = nn.Sequential()
    if stride > 1:
        layers.add_module("pad", SamePadding(kernel, stride))
    # At stride 1 and an odd kernel both frameworks pad alike.
    padding = 0 if stride > 1 else kernel // 2
    layers.add_module("conv", nn.Conv2d(in_channels, channels, kernel, stride, padding, groups=groups, bias=False))
    layers.add_module("bn", nn.BatchNorm2d(channels, eps=EPSILON, momentum=0.01))
    if relu:
        layers.add_module("relu", nn.ReLU6())
    return layers


class InvertedResidual(nn.Module):
    """Expand, filter each channel by itself, project (Sandler et al. 2018); added to what came in where shapes allow.

    Args:
        in_channels: C.
        channels: of the output.
        kernel: side of the depthwise filters.
        stride: of the depthwise convolution.
        expansion: channels inside the block for each of the C; with 1 there is no expanding convolution.
    """

    def __init__(self, in_channels: int, channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = in_channels * expansion
        self.expand = _convolve(in_channels, inside) if expansion > 1 else nn.Sequential()
        self.depthwise = _convolve(inside, inside, kernel, stride, groups=inside)
        self.project = _convolve(inside, channels, relu=False)
        self.residual = stride == 1 and in_channels == channels

    def forward(self, x: Tensor) -> Tensor:
        y = self.expand(x)  # (B, 6 C, H, W)
        y = self.depthwise(y)  # (B, 6 C, H/s, W/s)
        y = self.project(y)  # (B, C', H/s, W/s)
        return y + x if self.residual else y


class EfficientNetLite(nn.Module):
    """A stem, seven stages of inverted residual blocks, a 1x1 head, global average pooling, one linear layer.

    Args:
        num_classes: length of the logits.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.stem = _convolve(3, STEM, 3, 2)
        self.stages = nn.Sequential()
        channels = STEM
        for number, (blocks, kernel, stride, width) in enumerate(STAGES, start=1):
            stage = nn.Sequential()
            for block in range(1, blocks + 1):
                expansion = 1 if number == 1 else EXPANSION
                stage.add_module(
                    f"block{block}", InvertedResidual(channels, width, kernel, stride if block == 1 else 1, expansion)
                )
                channels = width
            self.stages.add_module(f"stage{number}", stage)
        self.head = _convolve(channels, HEAD)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(HEAD, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.head(self.stages(self.stem(x)))  # (B, 1280, ceil(H/32), ceil(W/32))
        x = torch.flatten(self.average(x), 1)  # (B, 1280)
        return self.classifier(x)


def efficientnet_lite0(num_classes: int = 1000) -> EfficientNetLite:
    """4,652,008 parameters for 1,000 classes; made for photographs of 224x224, the last stage has stride 32."""
    return EfficientNetLite(num_classes)


def rename_weights(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published file's tensors under the names that `EfficientNetLite` gives them.

    That file numbers all blocks from 0 and calls a block's three batch normalisations `_bn0`, `_bn1`, `_bn2`.
    """
    places = {"_conv_stem": "stem.conv", "_bn0": "stem.bn", "_conv_head": "head.conv", "_bn1": "head.bn"}
    places["_fc"] = "classifier"
    blocks = [(stage, block) for stage, each in enumerate(STAGES, start=1) for block in range(1, each[0] + 1)]
    for number, (stage, block) in enumerate(blocks):
        own, theirs = f"stages.stage{stage}.block{block}", f"_blocks.{number}"
        parts = ["expand", "depthwise", "project"]
        for index, part in enumerate(parts):
            places[f"{theirs}._{part}_conv"] = f"{own}.{part}.conv"
            places[f"{theirs}._bn{index}"] = f"{own}.{part}.bn"
    renamed = {}
    for key, value in published.items():
        place, _, kind = key.rpartition(".")
        renamed[f"{places[place]}.{kind}"] = value
    return renamed
