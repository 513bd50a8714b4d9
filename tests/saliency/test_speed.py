"""What makes slow methods fast changes nothing, or little: half precision, merged maps."""

import numpy as np
import pytest
import torch

from explorer.saliency import agreement, explain, masking
from explorer.saliency.merging import group_similar, mean_of_groups

from .networks import make_input, open_model


@pytest.mark.parametrize("sample", ["coffee", "cat"])
def test_fast_maps_are_like_the_exact_ones(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model("photo-net")
    x = make_input(model, 96, sample)
    for method in ("score-cam", "occlusion"):
        exact = explain(model, x, method, 3)
        assert not exact.fast
        for halves in (True, False):
            monkeypatch.setattr(masking, "bf16_is_faster", lambda device, halves=halves: halves)
            fast = explain(model, x, method, 3, fast=True)
            assert agreement([exact.values, fast.values])[0, 1] > 0.9
            assert fast.fast
            assert not np.array_equal(exact.values, fast.values)


def test_fast_occlusion_looks_at_every_other_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "bf16_is_faster", lambda device: False)
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
