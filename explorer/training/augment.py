"""Random changes of whole training batches, each picture its own, in a few tensor operations."""

import torch
from torch import Tensor
from torch.nn import functional as F


def flip(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the pictures left to right. Shapes (B, C, H, W)."""
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(mirrored[:, None, None, None], images.flip(-1), images)


def shift(images: Tensor, pixels: int, generator: torch.Generator) -> Tensor:
    """Move every picture by up to `pixels` in both directions, the border reflected in. Shapes (B, C, H, W)."""
    count, _, height, width = images.shape
    padded = F.pad(images, [pixels] * 4, mode="reflect")
    top = torch.randint(0, 2 * pixels + 1, (count, 1), generator=generator) + torch.arange(height)  # (B, H)
    left = torch.randint(0, 2 * pixels + 1, (count, 1), generator=generator) + torch.arange(width)  # (B, W)
    batch = torch.arange(count)[:, None, None]
    # Advanced indices around a slice put the channels last: (B, H, W, C).
    return padded[batch, :, top[:, :, None], left[:, None, :]].permute(0, 3, 1, 2)


def cutout(images: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Set a square of `size` (odd) pixels to zero about a random one (DeVries & Taylor 2017). Shapes (B, C, H, W)."""
    count, _, height, width = images.shape
    row = torch.randint(0, height, (count, 1), generator=generator)
    column = torch.randint(0, width, (count, 1), generator=generator)
    in_rows = (torch.arange(height) - row).abs() * 2 < size  # (B, H)
    in_columns = (torch.arange(width) - column).abs() * 2 < size  # (B, W)
    hole = in_rows[:, :, None] & in_columns[:, None, :]
    return images.masked_fill(hole[:, None], 0.0)


def cutmix(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Replace a rectangle of every picture by that of another one (Yun et al. 2019).

    Args:
        images: (B, C, H, W).
        generator: source of randomness.

    Returns:
        The pictures; (B,) which other picture each got its rectangle from; (B,) the share of its own that is left.
    """
    count, _, height, width = images.shape
    partner = torch.randperm(count, generator=generator)
    side = (1 - torch.rand(count, 1, generator=generator)).sqrt()  # of a rectangle whose area is uniform
    row = torch.randint(0, height, (count, 1), generator=generator)
    column = torch.randint(0, width, (count, 1), generator=generator)
    in_rows = (torch.arange(height) - row).abs() * 2 < side * height  # (B, H)
    in_columns = (torch.arange(width) - column).abs() * 2 < side * width  # (B, W)
    taken = in_rows[:, :, None] & in_columns[:, None, :]
    share = 1 - taken.float().mean(dim=(1, 2))
    return torch.where(taken[:, None], images[partner], images), partner, share


def random_crops(count: int, scale: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Random resized crops as affine parameters (Szegedy et al. 2015), for `crop`.

    Args:
        count: how many.
        scale: least and most of the picture's area; the aspect ratio is between 3:4 and 4:3.

    Returns:
        (count, 4): centre x, centre y, half width, half height, in [-1, 1] picture coordinates.
    """
    area = torch.empty(count).uniform_(*scale, generator=generator)
    ratio = torch.empty(count).uniform_(-0.2877, 0.2877, generator=generator).exp()  # log(4/3)
    half_width = (area * ratio).sqrt().clamp(max=1.0)
    half_height = (area / ratio).sqrt().clamp(max=1.0)
    x = (torch.rand(count, generator=generator) * 2 - 1) * (1 - half_width)
    y = (torch.rand(count, generator=generator) * 2 - 1) * (1 - half_height)
    return torch.stack([x, y, half_width, half_height], dim=1)


def crop(images: Tensor, crops: Tensor, size: int, mode: str = "bilinear") -> Tensor:
    """Cut the crops out and resample them to `size` x `size`. Shapes (B, C, H, W), (B, 4)."""
    x, y, half_width, half_height = crops.unbind(1)
    zero = torch.zeros_like(x)
    affine = torch.stack([half_width, zero, x, zero, half_height, y], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(affine, [len(images), 3, size, size], align_corners=False)
    return F.grid_sample(images, grid, mode=mode, padding_mode="reflection", align_corners=False)


def colour(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Random brightness, contrast and saturation within 1 +- `strength`. Images in [0, 1], (B, 3, H, W)."""

    def factor() -> Tensor:
        return 1 + (torch.rand(len(images), 1, 1, 1, generator=generator) * 2 - 1) * strength

    images = images * factor()
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * factor()
    grey = images.mean(dim=1, keepdim=True)
    return (grey + (images - grey) * factor()).clamp(0, 1)
