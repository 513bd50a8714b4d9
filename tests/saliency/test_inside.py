"""Which networks have attention inside, and what the methods for CNNs make of transformers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision import models
from torchvision.ops.misc import SqueezeExcitation

from explorer.saliency import (
    SaliencyImpossible,
    attention_inside,
    default_layer,
    explain,
    layers_for,
    networks_with_attention,
)
from explorer.zoo import VisionModel, list_torchvision, list_transformers
from explorer.zoo.weights import ShapesOnly
from tests.anatomy.networks import as_model

from .networks import make_input, open_model
from .test_attention import small_hybrid, small_transformer
from .test_windows import small_swin


def vit() -> VisionModel:
    return as_model(small_transformer())


def test_the_list_holds_every_network_with_gates() -> None:
    gated = set()
    for name in list_torchvision():
        extra = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
        with ShapesOnly():  # weights without memory: sixty networks in seconds
            network = models.get_model(name, weights=None, **extra)
        if any(isinstance(module, SqueezeExcitation) for module in network.modules()):
            gated.add(name)
    assert set(networks_with_attention()) == gated | set(list_transformers())


def test_the_kind_of_attention() -> None:
    assert attention_inside(vit()) == attention_inside(as_model(small_hybrid())) == "tokens"
    assert attention_inside(small_swin()) == "windows"
    assert attention_inside(open_model("mobilenet_v3_small")) == "gates"
    assert attention_inside(open_model("tiny-vgg")) is None
    block = models.swin_transformer.SwinTransformerBlockV2
    second = as_model(models.SwinTransformer([4, 4], 8, [2], [2], [3, 3], block=block))
    assert attention_inside(second) is None  # it attends by another formula


@pytest.mark.parametrize("method", ["saliency", "input-x-gradient", "smoothgrad", "integrated-gradients", "occlusion"])
@pytest.mark.parametrize("build", [vit, small_swin])
def test_methods_that_go_to_the_pixels_work_on_transformers(build: type, method: str) -> None:
    model = build()
    heatmap = explain(model, torch.randn(1, 3, 32, 32), method, 3)
    assert heatmap.values.shape == (32, 32)
    assert np.abs(heatmap.values).max() > 0


def test_swins_maps_are_the_picture_not_its_channels() -> None:
    """Blocks are (B, H, W, C), and merging patches slices them: rows must not pass for channels."""
    model = small_swin()
    x = torch.randn(1, 3, 48, 48)
    assert default_layer(model, x) == "norm"
    sides = {facts.resolution for facts in layers_for(model, x)}
    assert sides == {(12, 12), (6, 6)}
    for method in ("grad-cam", "layer-cam", "cam", "score-cam"):
        heatmap = explain(model, x, method, 2)
        assert heatmap.raw is not None
        assert heatmap.raw.shape == (6, 6)
    # CAM with the head's own weights: the mean of the map is the score, but for the bias.
    cam = explain(model, x, "cam", 2)
    assert cam.raw is not None
    with torch.no_grad():
        score = float(model.network(x)[0, 2] - model.network.head.bias[2])
    assert float(cam.raw.mean()) == pytest.approx(score, abs=1e-4)


def test_vit_has_maps_in_one_layer_only() -> None:
    model, x = vit(), torch.randn(1, 3, 32, 32)
    assert [facts.name for facts in layers_for(model, x)] == ["conv_proj"]
    assert explain(model, x, "grad-cam", 3).layer == "conv_proj"
    with pytest.raises(SaliencyImpossible, match="without rows and columns; only conv_proj has maps"):
        explain(model, x, "grad-cam", 3, "encoder.ln")
    with pytest.raises(SaliencyImpossible, match="no ReLU"):
        explain(model, x, "guided-backprop", 3)


def test_the_hybrid_has_maps_up_to_its_tokens() -> None:
    model, x = as_model(small_hybrid()), torch.randn(1, 3, 64, 64)
    assert default_layer(model, x) == "embedding"
    heatmap = explain(model, x, "grad-cam", 3)
    assert heatmap.raw is not None
    assert heatmap.raw.shape == (4, 4)
    with pytest.raises(SaliencyImpossible, match="single dense layer"):
        explain(model, x, "cam", 3)


def test_layers_without_maps_elsewhere() -> None:
    model = open_model("tiny-vgg")
    with pytest.raises(SaliencyImpossible, match="choose one with maps"):
        explain(model, make_input(model), "grad-cam", 3, "classifier")


class Places(nn.Module):
    """Pools with the places of the maxima, as networks do that un-pool later."""

    def __init__(self, pool: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.pool, self.head = nn.Conv2d(3, 4, 3), pool, nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values, _places = self.pool(F.relu(self.conv(x)))
        return self.head(values.mean((2, 3)))


@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool2d(2, return_indices=True), nn.AdaptiveMaxPool2d(3, return_indices=True), F.max_pool2d_with_indices],
)
def test_a_pooling_layer_that_gives_places_is_the_default_one(pool: Callable[..., Any]) -> None:
    called = pool if isinstance(pool, nn.Module) else lambda x: pool(x, 2)
    model, x = as_model(Places(called), classes=3), torch.randn(1, 3, 12, 12)
    assert default_layer(model, x) == ("pool" if isinstance(pool, nn.Module) else "max_pool2d")
    heatmap = explain(model, x, "cam", 1)
    with torch.inference_mode():
        maps, _ = called(F.relu(model.network.conv(x)))
        wanted = torch.einsum("c,chw->hw", model.network.head.weight[1], maps[0])
    assert heatmap.raw is not None
    np.testing.assert_allclose(heatmap.raw, wanted, atol=1e-5)
    assert explain(model, x, "grad-cam", 1).layer == heatmap.layer
