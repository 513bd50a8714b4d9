"""A photo small enough for every transform to be quick."""

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def small(photo: Image.Image) -> Image.Image:
    """80x60."""
    return photo.resize((80, 60))
