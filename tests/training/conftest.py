"""Pictures small enough to train on in a test."""

import pytest
import torch

from explorer.training.datasets import LabelledImages


@pytest.fixture
def colours() -> LabelledImages:
    """64 noisy pictures of 16x16 in ten classes that brightness tells apart."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(64) % 10
    noise = torch.randint(0, 20, (64, 3, 16, 16), generator=generator)
    images = (noise + 23 * labels[:, None, None, None]).to(torch.uint8)
    return LabelledImages(images, labels, tuple(f"shade {index}" for index in range(10)))
