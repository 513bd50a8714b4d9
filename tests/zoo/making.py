"""Files and pictures for the zoo's tests."""

import io

import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor


def as_bytes(state: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    return save({key: value.contiguous() for key, value in state.items()}, metadata)


def as_torch_file(state: dict[str, Tensor], legacy: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def make_picture(width: int, height: int) -> Image.Image:
    """Noise in every channel, so that any other resampling, order or rounding shows."""
    pixels = torch.randint(0, 256, (height, width, 3), generator=torch.Generator().manual_seed(width * 7919 + height))
    return Image.fromarray(pixels.to(torch.uint8).numpy())
