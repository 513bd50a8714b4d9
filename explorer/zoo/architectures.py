"""The architectures of the networks we train and ship.

Three sizes: a plain stack of convolutions, the same with residual connections, and a
residual network large enough for photographs. All are fully convolutional with global average
pooling, so any input of at least a few pixels is accepted, not only the size trained on.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from explorer.zoo.efficientnet_lite import efficientnet_lite0 as efficientnet_lite0
from explorer.zoo.photo_vit import photo_vit as photo_vit


class PlainStack(nn.Module):
    """Convolution, ReLU, max pooling and nothing else (after Simonyan & Zisserman 2015).

    One or two convolutions a stage, then 2x2 max pooling; the maps of the last stage are averaged and
    one linear layer reads the classes off. It is trained with batch normalisation after every
    convolution, which is then folded into the weights: what is shipped is what is drawn.

    Args:
        num_classes: length of the logits.
        stages: channels of the convolutions of each stage.
        kernel_size: side of every filter, odd; the maps keep their size.
        batch_norm: keep a `BatchNorm2d` after every convolution (training only).
    """

    def __init__(
        self, num_classes: int, stages: Sequence[Sequence[int]], kernel_size: int, batch_norm: bool = False
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        channels = 3
        for stage, widths in enumerate(stages, start=1):
            for number, width in enumerate(widths, start=1):
                convolution = nn.Conv2d(channels, width, kernel_size, padding=kernel_size // 2)
                self.features.add_module(f"conv{stage}_{number}", convolution)
                if batch_norm:
                    self.features.add_module(f"bn{stage}_{number}", nn.BatchNorm2d(width))
                self.features.add_module(f"relu{stage}_{number}", nn.ReLU())
                channels = width
            self.features.add_module(f"pool{stage}", nn.MaxPool2d(2, ceil_mode=True))
        self.average = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)  # (B, C, H/8, W/8)
        x = torch.flatten(self.average(x), 1)  # (B, C)
        return self.classifier(x)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions whose result is added to what came in (He et al. 2016, "basic block").

    Where the shape changes, a 1x1 convolution brings the input to the new shape first.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != channels:
            self.shortcut.add_module("conv", nn.Conv2d(in_channels, channels, 1, stride, bias=False))
            self.shortcut.add_module("bn", nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))  # (B, C, H/s, W/s)
        y = self.bn2(self.conv2(y))
        return self.relu2(y + self.shortcut(x))


class ResNet(nn.Module):
    """A stem, stages of residual blocks, global average pooling, one linear layer (He et al. 2016).

    Args:
        num_classes: length of the logits.
        stem: channels of each 3x3 convolution of the stem.
        stem_strides: their strides.
        widths: channels of each stage; every stage after the first halves the resolution.
        blocks: residual blocks in each stage.
    """

    def __init__(
        self,
        num_classes: int,
        stem: Sequence[int],
        stem_strides: Sequence[int],
        widths: Sequence[int],
        blocks: Sequence[int],
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential()
        channels = 3
        for number, (width, stride) in enumerate(zip(stem, stem_strides, strict=True), start=1):
            self.stem.add_module(f"conv{number}", nn.Conv2d(channels, width, 3, stride, padding=1, bias=False))
            self.stem.add_module(f"bn{number}", nn.BatchNorm2d(width))
            self.stem.add_module(f"relu{number}", nn.ReLU())
            channels = width
        self.stages = nn.Sequential()
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True), start=1):
            layers = nn.Sequential()
            for number in range(1, count + 1):
                stride = 2 if number == 1 and stage > 1 else 1
                layers.add_module(f"block{number}", ResidualBlock(channels, width, stride))
                channels = width
            self.stages.add_module(f"stage{stage}", layers)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))  # (B, C, H/s, W/s)
        x = torch.flatten(self.average(x), 1)  # (B, C)
        return self.classifier(x)


def tiny_vgg(num_classes: int = 10, batch_norm: bool = False) -> PlainStack:
    """57,218 parameters for ten classes; made for 32x32 pictures."""
    return PlainStack(num_classes, ((24, 24), (32, 32), (48, 48)), kernel_size=3, batch_norm=batch_norm)


def five_by_five(num_classes: int = 10, batch_norm: bool = False) -> PlainStack:
    """125,109 parameters for ten classes, 5x5 filters only; made for 32x32 pictures."""
    return PlainStack(num_classes, ((25, 32), (32, 40), (45,)), kernel_size=5, batch_norm=batch_norm)


def mini_resnet(num_classes: int = 10) -> ResNet:
    """2,355,002 parameters for ten classes; made for 32x32 pictures, the last stage has stride 4."""
    return ResNet(num_classes, stem=(48,), stem_strides=(1,), widths=(48, 128, 256), blocks=(1, 1, 2))


def photo_net(num_classes: int = 10) -> ResNet:
    """2,721,322 parameters for ten classes; made for photographs of 128x128 and up, the last stage has stride 16."""
    return ResNet(num_classes, stem=(32, 64), stem_strides=(2, 2), widths=(64, 128, 256), blocks=(1, 2, 2))
