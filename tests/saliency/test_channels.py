"""What a class would lose without a channel, against hooks and gradients of PyTorch alone."""

import numpy as np
import pytest
import torch
from torch import nn

from explorer.anatomy import LayerUnknown
from explorer.saliency import SaliencyImpossible, default_layer, estimate_losses, measure_losses
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model

from .networks import make_input, open_model, small_model

LAYERS = [
    ("tiny-vgg", "features.conv1_1"),
    ("tiny-vgg", "features.pool2"),
    ("photo-net", "stages.stage2.block1.conv1"),
    ("photo-net", "stages.stage3.block2.relu2"),
]


def run_hooked(model: VisionModel, x: torch.Tensor, layer: str, scale: torch.Tensor) -> torch.Tensor:
    """The logits (num_classes,), with each channel of a module's output times a factor (C,)."""
    module = model.network.get_submodule(layer)
    handle = module.register_forward_hook(lambda _module, _args, output: output * scale.view(1, -1, 1, 1))
    try:
        return model.network(x)[0]
    finally:
        handle.remove()


@pytest.mark.parametrize(("name", "layer"), LAYERS)
@pytest.mark.parametrize("contrast", [None, 2])
def test_the_estimate_is_the_gradient_with_respect_to_the_channels_factors(
    name: str, layer: str, contrast: int | None
) -> None:
    model = open_model(name)
    x = make_input(model)
    found = estimate_losses(model, x, layer, 5, contrast)
    # The derivative with respect to a factor before the whole map is the sum of gradient times value.
    scale = torch.ones(len(found), requires_grad=True)
    logits = run_hooked(model, x, layer, scale)
    (wanted,) = torch.autograd.grad(logits[5] - (0 if contrast is None else logits[contrast]), scale)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.parametrize(("name", "layer"), LAYERS)
@pytest.mark.parametrize("contrast", [None, 2])
def test_the_measure_is_a_pass_without_the_channel(name: str, layer: str, contrast: int | None) -> None:
    model = open_model(name)
    x = make_input(model)
    count = len(estimate_losses(model, x, layer, 5))
    channels = [0, count // 2, count - 1]
    found = measure_losses(model, x, layer, channels, 5, contrast)

    def score(scale: torch.Tensor) -> float:
        logits = run_hooked(model, x, layer, scale)
        return float(logits[5] - (0 if contrast is None else logits[contrast]))

    for channel, loss in zip(channels, found, strict=True):
        scale = torch.ones(count)
        scale[channel] = 0
        assert loss == pytest.approx(score(torch.ones(count)) - score(scale), abs=1e-4)


@pytest.mark.parametrize("name", ["tiny-vgg", "photo-net", "small"])
def test_it_is_exact_before_a_linear_head(name: str) -> None:
    model = small_model() if name == "small" else open_model(name)
    x = torch.randn(1, 3, 32, 32) if name == "small" else make_input(model)
    layer, target = default_layer(model, x), len(model.classes) - 1
    estimated = estimate_losses(model, x, layer, target)
    measured = measure_losses(model, x, layer, range(len(estimated)), target)
    np.testing.assert_allclose(estimated, measured, rtol=1e-3, atol=2e-5)
    assert np.abs(estimated).max() > 1e-3


@pytest.mark.parametrize(("name", "layer"), [("resnet18", "layer4.1.relu_1"), ("swin_t", "features.0.2")])
def test_networks_that_add_in_place_or_keep_their_channels_last(name: str, layer: str) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    estimated = estimate_losses(model, x, layer, 1)
    measured = measure_losses(model, x, layer, range(24), 1)
    assert len(estimated) == {"resnet18": 512, "swin_t": 96}[name]
    if name == "resnet18":  # a linear head follows
        np.testing.assert_allclose(estimated[:24], measured, rtol=1e-3, atol=1e-4)
    else:
        assert np.corrcoef(estimated[:24], measured)[0, 1] > 0.9
    assert not any(module._forward_hooks for module in model.network.modules())


def test_what_is_impossible_is_said() -> None:
    model = small_model()
    x = torch.randn(1, 3, 32, 32)
    with pytest.raises(SaliencyImpossible, match="no layer"):
        estimate_losses(model, x, "nonsense", 0)
    with pytest.raises(LayerUnknown):
        measure_losses(model, x, "nonsense", [0], 0)
    with pytest.raises(ValueError, match="channels 0 to 7"):
        measure_losses(model, x, "2", [8], 0)


class Bystander(nn.Module):
    """A convolution that the classes do not depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.unseen, self.dense = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 2, 3), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.unseen(x)
        return self.dense(self.seen(x).mean((2, 3)))


def test_a_layer_the_classes_do_not_depend_on() -> None:
    model = as_model(Bystander(), classes=3)
    with pytest.raises(SaliencyImpossible, match="does not depend on unseen"):
        estimate_losses(model, torch.randn(1, 3, 16, 16), "unseen", 0)
