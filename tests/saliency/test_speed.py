"""What makes slow methods fast changes nothing, or little: folded and half-precision copies, merged maps."""

import numpy as np
import pytest
import torch

from explorer.saliency import agreement, explain, masking
from explorer.saliency.lean import halves_are_fast, lean_copy
from explorer.saliency.merging import group_similar, mean_of_groups
from tests.anatomy.networks import open_random
from tests.anatomy.test_concurrency import assert_untouched, fingerprint

from .networks import make_input, open_model


@pytest.mark.parametrize("name", ["resnet18", "photo_net", "mobilenet_v2", "densenet121", "googlenet", "convnext_tiny"])
def test_a_lean_copy_gives_the_same_logits(name: str) -> None:
    model = open_random(name)
    x = torch.randn(2, 3, 64, 64)
    before = fingerprint(model)
    lean = lean_copy(model, x[:1])
    with torch.inference_mode():
        wanted = model.network(x)
        got = lean(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))
    left = sum(isinstance(module, torch.nn.BatchNorm2d) for module in lean.modules())
    # Half of DenseNet's stand before a convolution and after none.
    assert left == (0 if name != "densenet121" else sum("norm1" in path for path, _ in lean.named_modules()) + 4)
    lean_copy(model, x[:1], torch.bfloat16)
    assert fingerprint(model) == before
    assert_untouched(model)
    assert {parameter.dtype for parameter in model.network.parameters()} == {torch.float32}


@pytest.mark.parametrize("halves", [True, False])
@pytest.mark.parametrize("sample", ["coffee", "cat"])
def test_fast_maps_are_like_the_exact_ones(halves: bool, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "halves_are_fast", lambda device: halves)
    model = open_model("photo-net")
    x = make_input(model, 96, sample)
    for method in ("score-cam", "occlusion"):
        exact, fast = (explain(model, x, method, 3, fast=fast) for fast in (False, True))
        assert agreement([exact.values, fast.values])[0, 1] > 0.9
        assert not exact.fast
        assert fast.fast
        assert not np.array_equal(exact.values, fast.values)


def test_fast_occlusion_looks_at_every_other_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "halves_are_fast", lambda device: False)
    model = open_model("photo-net")
    x = make_input(model, 64)
    seen: list[int] = []
    exact = explain(model, x, "occlusion", 3).raw
    fast = explain(model, x, "occlusion", 3, fast=True, progress=lambda done, total: seen.append(total)).raw
    assert exact is not None
    assert fast is not None
    assert seen[-1] == (exact.size + 1) // 2
    for row in range(exact.shape[0]):
        for column in range(exact.shape[1]):
            if (row + column) % 2 == 0:
                wanted = exact[row, column]
            else:
                around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
                wanted = np.mean([exact[place] for place in around if min(place) >= 0 and max(place) < len(exact)])
            assert fast[row, column] == pytest.approx(wanted, abs=1e-4)


def test_the_device_is_tried_once() -> None:
    halves_are_fast.cache_clear()
    assert halves_are_fast(torch.device("cpu")) == halves_are_fast(torch.device("cpu"))
    assert halves_are_fast.cache_info().hits == 1


def test_groups_hold_what_is_alike() -> None:
    shapes = torch.rand(5, 6, 6)
    which = torch.arange(40) % 5
    maps = shapes[which] * torch.rand(40, 1, 1).add(0.5)
    groups = group_similar(maps, 5)
    assert len(groups.unique()) == 5
    assert all(len(groups[which == shape].unique()) == 1 for shape in range(5))
    means, places = mean_of_groups(maps, groups)
    for shape in range(5):
        torch.testing.assert_close(means[places[shape]], maps[which == shape].mean(0))
    assert torch.equal(group_similar(maps, 5), groups)
    assert int(group_similar(torch.zeros(3, 2, 2), 8).max()) < 3
