"""One thread, as for the other networks; a photo small enough for every transform to be quick."""

from collections.abc import Iterator

import pytest
import torch
from PIL import Image


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def small(photo: Image.Image) -> Image.Image:
    """80x60."""
    return photo.resize((80, 60))
