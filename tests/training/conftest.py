"""One thread, and pictures small enough to train on in a test."""

from collections.abc import Iterator

import pytest
import torch

from explorer.training.datasets import LabelledImages


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def colours() -> LabelledImages:
    """64 noisy pictures of 16x16 in ten classes that brightness tells apart."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(64) % 10
    noise = torch.randint(0, 20, (64, 3, 16, 16), generator=generator)
    images = (noise + 23 * labels[:, None, None, None]).to(torch.uint8)
    return LabelledImages(images, labels, tuple(f"shade {index}" for index in range(10)))
