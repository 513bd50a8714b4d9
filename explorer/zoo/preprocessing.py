"""From an image to the tensor a network takes, and back to the exact pixels it saw."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

Fit = Literal["crop", "pad", "squash"]
FITS: dict[Fit, str] = {
    "crop": "Centre crop: fill the square, cut what sticks out",
    "pad": "Pad: the whole picture, the rest grey",
    "squash": "Squash: the whole picture, stretched to a square",
}
PAD_COLOUR = (128, 128, 128)
_ELONGATED = 8  # the longer side against the shorter one


@dataclass(frozen=True)
class Preprocessing:
    """Resize, fit into a square, scale to [0, 1], normalise per channel.

    With `fit="crop"` this gives the very tensor that torchvision's own
    `ImageClassification(crop_size=size, resize_size=resize)` gives.

    Attributes:
        size: side of the square the network sees, in pixels.
        resize: length the shorter side is brought to before the centre crop, in pixels (>= size).
        mean, std: per channel, of pixels in [0, 1].
        interpolation: "bilinear" or "bicubic", both antialiased.
        fit: how a picture that is no square becomes one.
    """

    size: int
    resize: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str = "bilinear"
    fit: Fit = "crop"

    def with_fit(self, fit: Fit) -> Preprocessing:
        """The same with another way into the square."""
        return replace(self, fit=fit)

    def with_size(self, size: int) -> Preprocessing:
        """The same at another resolution; the margin that the centre crop cuts keeps its share."""
        return replace(self, size=size, resize=max(size, round(size * self.resize / self.size)))

    def fitted(self, image: Image.Image) -> Image.Image:
        """The RGB picture of `size` x `size` pixels that the network sees."""
        mode = InterpolationMode(self.interpolation)
        if self.fit == "squash":
            return TF.resize(image, [self.size, self.size], mode)
        if self.fit == "pad":
            scale = self.size / max(image.size)
            width, height = (max(1, round(side * scale)) for side in image.size)
            square = Image.new("RGB", (self.size, self.size), PAD_COLOUR)
            square.paste(TF.resize(image, [height, width], mode), ((self.size - width) // 2, (self.size - height) // 2))
            return square
        if max(image.size) > _ELONGATED * min(image.size):
            return self._crop_elongated(image, Image.Resampling[self.interpolation.upper()])
        return TF.center_crop(TF.resize(image, [self.resize], mode), [self.size])

    def _crop_elongated(self, image: Image.Image, resample: Image.Resampling) -> Image.Image:
        """The centre crop of a picture that, resized whole, would take up to half a gigabyte: the very same pixels.

        Pillow resizes along the rows first, rounds, and then along the columns, so that what the crop does not show
        can go in between; columns do not depend on one another.
        """
        width, height = image.size
        short = min(width, height)
        wide, tall = int(self.resize * width / short), int(self.resize * height / short)  # as torchvision rounds
        left, top = round((wide - self.size) / 2), round((tall - self.size) / 2)
        rows = image.resize((wide, height), resample).crop((left, 0, left + self.size, height))
        if width == 1:
            rows = rows.crop((0, 0, 1, height))  # all columns are the same
        shown = Image.new("RGB", (rows.width, self.size))
        step = max(1, _ELONGATED * self.resize**2 // tall)
        for start in range(0, rows.width, step):
            columns = rows.crop((start, 0, min(start + step, rows.width), height))
            resized = columns.resize((columns.width, tall), resample)
            shown.paste(resized.crop((0, top, columns.width, top + self.size)), (start, 0))
        return shown.resize((self.size, self.size), Image.Resampling.NEAREST)

    def pixels(self, image: Image.Image) -> np.ndarray:
        """The pixels that the network sees: (size, size, 3) uint8."""
        return np.asarray(self.fitted(image))

    def tensor(self, image: Image.Image) -> Tensor:
        """The network's input: (1, 3, size, size) float32, normalised."""
        return self.normalise(TF.pil_to_tensor(self.fitted(image)))[None]

    def tensors(self, images: Sequence[Image.Image]) -> Tensor:
        """The inputs of many pictures, (B, 3, size, size); as many are resized at a time as there are cores."""
        for image in images:
            image.load()  # a file that is still to be read may stand among them twice
        with ThreadPoolExecutor(min(len(images), os.cpu_count() or 1)) as pool:
            pixels = np.stack([np.asarray(each) for each in pool.map(self.fitted, images)])
        return self.as_input(pixels)

    def as_input(self, pixels: NDArray[np.uint8]) -> Tensor:
        """(B, 3, H, W) normalised, from pixels (B, H, W, 3) that are neither resized nor cut."""
        return self.normalise(torch.tensor(pixels).permute(0, 3, 1, 2))

    def normalise(self, pixels: Tensor) -> Tensor:
        """(..., 3, H, W) normalised, from uint8 or from numbers in [0, 1], whose gradients find their way back."""
        return TF.normalize(TF.convert_image_dtype(pixels, torch.float32), list(self.mean), list(self.std))

    def unnormalise(self, x: Tensor) -> np.ndarray:
        """From an input tensor (1, 3, H, W) back to its pixels, (H, W, 3) uint8."""
        mean = torch.tensor(self.mean, device=x.device).view(3, 1, 1)
        std = torch.tensor(self.std, device=x.device).view(3, 1, 1)
        pixels = (x[0] * std + mean).mul(255).round().clamp(0, 255).to(torch.uint8)
        return pixels.permute(1, 2, 0).cpu().numpy()

    def region(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The part of a `width` x `height` picture that the square covers: left, top, right, bottom.

        In pixels of the picture; with `fit="pad"` it reaches beyond the picture.
        """
        if self.fit == "squash":
            return 0.0, 0.0, float(width), float(height)
        if self.fit == "pad":
            side = float(max(width, height))
        else:
            side = min(width, height) * self.size / self.resize
        left, top = (width - side) / 2, (height - side) / 2
        return left, top, left + side, top + side
