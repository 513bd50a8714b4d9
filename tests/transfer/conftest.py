from collections.abc import Iterator
from functools import cache

import pytest


@pytest.fixture(scope="session")
def operators_read_once() -> Iterator[None]:
    """Every export compiles the source of all ONNX operators that PyTorch knows: a quarter of its time."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib)))
        yield
