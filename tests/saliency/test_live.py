"""A frame is what a bare pass with hooks of PyTorch's own says of it, within its bounds, and leaves no trace."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.saliency import SaliencyImpossible, explain
from explorer.saliency.live import MOST_CELLS, see_frame, shrink_maps
from explorer.zoo import VisionModel

from .networks import make_input, open_model, small_model


def seen_by_hooks(
    model: VisionModel, x: torch.Tensor, module: nn.Module, target: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Probabilities (num_classes,), Selvaraju's equations 1 and 2 (h, w), and the maps (C, h, w)."""
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        kept.append(output)
        return output.clone()  # the next layer may write into what it gets

    hook = module.register_forward_hook(keep)
    try:
        logits = model.network(x.clone().requires_grad_())[0]
    finally:
        hook.remove()
    maps = kept[0]
    (gradient,) = torch.autograd.grad(logits[target], maps)
    alpha = gradient[0].flatten(1).sum(dim=1) / (maps.shape[2] * maps.shape[3])
    grad_cam = torch.relu(torch.einsum("k,khw->hw", alpha, maps[0]))
    return torch.softmax(logits, 0).detach(), grad_cam.detach(), maps[0].detach()


@pytest.mark.parametrize(("layer", "target"), [("1", 2), ("3", 0), ("2", None)])
def test_a_frame_is_what_hooks_see(layer: str, target: int | None) -> None:
    model = small_model()
    x = torch.randn(1, 3, 12, 10, generator=torch.Generator().manual_seed(3))
    best = int(model.network(x)[0].argmax())
    seen = see_frame(model, x, layer, target)
    shares, heatmap, maps = seen_by_hooks(
        model, x, model.network.get_submodule(layer), best if target is None else target
    )
    assert seen.target == (best if target is None else target)
    np.testing.assert_allclose(seen.probabilities, shares.numpy(), rtol=1e-5)
    np.testing.assert_allclose(seen.heatmap, heatmap.numpy(), atol=1e-6)
    np.testing.assert_allclose(seen.maps, maps.numpy(), rtol=1e-5, atol=1e-6)


def test_the_default_network_at_160_pixels() -> None:
    """In two passes what `explain` and a bare pass say; the early layer is kept within its bound."""
    model = open_model("efficientnet-lite0")
    x = make_input(model, 160)
    seen = see_frame(model, x)
    heatmap = explain(model, x, "grad-cam")
    assert heatmap.raw is not None
    np.testing.assert_allclose(seen.heatmap, heatmap.raw, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        np.testing.assert_allclose(seen.probabilities, model.network(x)[0].softmax(0).numpy(), atol=1e-5)
    assert seen.maps.shape == (1280, 5, 5)  # fewer cells than the bound
    assert see_frame(model, x, "stem.relu").maps.size <= MOST_CELLS
    assert all(parameter.grad is None for parameter in model.network.parameters())


def test_a_layer_without_maps_is_said() -> None:
    model = small_model()
    with pytest.raises(SaliencyImpossible, match="no layer 'nowhere'"):
        see_frame(model, torch.zeros(1, 3, 8, 8), "nowhere")


@given(st.integers(1, 40), st.integers(1, 20), st.integers(1, 20), st.integers(1, 600))
def test_maps_shrink_no_more_than_they_must(count: int, height: int, width: int, most: int) -> None:
    maps = np.arange(count * height * width, dtype=np.float32).reshape(count, height, width)
    small = shrink_maps(maps, most)

    def cells(side: int) -> tuple[int, int, int]:
        return count, math.ceil(height / side), math.ceil(width / side)

    longest = max(height, width)
    side = next(side for side in range(1, longest + 1) if math.prod(cells(side)) <= most or side == longest)
    assert small.shape == cells(side)
    np.testing.assert_allclose(small[:, 0, 0], maps[:, :side, :side].mean(axis=(1, 2)), rtol=1e-5)
