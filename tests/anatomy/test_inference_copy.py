"""A copy for many pictures gives what the network gives, and leaves the network as it was."""

import pytest
import torch

from explorer.anatomy.inference_copy import bf16_is_faster, inference_copy
from tests.anatomy.networks import as_model, open_random
from tests.anatomy.test_concurrency import assert_untouched, fingerprint


@pytest.mark.parametrize("name", ["resnet18", "photo_net", "mobilenet_v2", "densenet121", "googlenet", "convnext_tiny"])
def test_an_inference_copy_gives_the_same_logits(name: str) -> None:
    model = open_random(name)
    x = torch.randn(2, 3, 64, 64)
    before = fingerprint(model)
    fused = inference_copy(model, x[:1])
    with torch.inference_mode():
        wanted = model.network(x)
        got = fused(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    left = sum(isinstance(module, torch.nn.BatchNorm2d) for module in fused.modules())
    # Half of DenseNet's stand before a convolution and after none.
    assert left == (0 if name != "densenet121" else sum("norm1" in path for path, _ in fused.named_modules()) + 4)
    inference_copy(model, x[:1], torch.bfloat16)
    assert fingerprint(model) == before
    assert_untouched(model)
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.float32}


def test_the_device_is_tried_once() -> None:
    bf16_is_faster.cache_clear()
    assert bf16_is_faster(torch.device("cpu")) == bf16_is_faster(torch.device("cpu"))
    assert bf16_is_faster.cache_info().hits == 1


class SeenTwice(torch.nn.Module):
    """What the ReLU reads is read once more behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.relu = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.conv(x))
        return (self.relu(y) + y).mean(dim=(2, 3))


def test_what_others_read_is_not_overwritten() -> None:
    model = as_model(SeenTwice())
    x = torch.randn(1, 3, 16, 16)
    fused = inference_copy(model, x)
    assert isinstance(fused.norm, torch.nn.Identity)
    with torch.inference_mode():
        torch.testing.assert_close(fused(x), model.network(x))
