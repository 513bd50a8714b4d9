"""The networks that these tests share are forgotten after them."""

from collections.abc import Iterator

import pytest

from .networks import open_random


@pytest.fixture(autouse=True, scope="package")
def forget_networks() -> Iterator[None]:
    yield
    open_random.cache_clear()  # a gigabyte that no other test needs
