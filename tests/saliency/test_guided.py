"""Guided backpropagation of ReLUs however they are called; captum on a twin made of modules, and autograd by hand."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from captum import attr
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.saliency import SaliencyImpossible, explain
from tests.anatomy.networks import as_model

from .networks import make_input, open_model
from .test_explaining import close

pytestmark = pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU")

PLAIN = nn.ReLU()
CLIPPED = nn.Sequential(nn.ReLU(), nn.Hardtanh(0.0, 6.0))  # captum guides the plain one only
SPELLINGS: dict[str, tuple[Callable[[Tensor], Tensor], nn.Module]] = {
    "F.relu": (F.relu, PLAIN),
    "F.relu in place": (lambda x: F.relu(x, inplace=True), PLAIN),
    "F.relu in place, by position": (lambda x: F.relu(x, True), PLAIN),
    "F.relu by keyword": (lambda x: F.relu(input=x), PLAIN),
    "torch.relu": (torch.relu, PLAIN),
    "torch.relu_": (torch.relu_, PLAIN),
    "Tensor.relu": (lambda x: x.relu(), PLAIN),
    "Tensor.relu_, its result left alone": (lambda x: (x.relu_(), x)[1], PLAIN),
    "Tensor.clamp": (lambda x: x.clamp(min=0), PLAIN),
    "Tensor.clamp_min_": (lambda x: x.clamp_min_(0.0), PLAIN),
    "F.threshold": (lambda x: F.threshold(x, 0.0, 0.0), PLAIN),
    "nn.ReLU6": (nn.ReLU6(), CLIPPED),
    "F.relu6": (F.relu6, CLIPPED),
    "F.relu6 in place": (lambda x: F.relu6(x, inplace=True), CLIPPED),
    "nn.Hardtanh": (nn.Hardtanh(0.0, 6.0), CLIPPED),
    "F.hardtanh": (lambda x: F.hardtanh(x, 0.0, 6.0), CLIPPED),
    "F.hardtanh_": (lambda x: F.hardtanh_(x, 0.0, 6.0), CLIPPED),
    "Tensor.clip": (lambda x: x.clip(0, 6), CLIPPED),
}


class Two(nn.Module):
    """Two convolutions, an activation after each, and a dense layer."""

    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv1, self.conv2, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4 * 16, 2)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.conv2(self.activation(self.conv1(x))))
        return self.head(x.flatten(1))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_guided(spelling: str) -> None:
    called, module = SPELLINGS[spelling]
    x = 8 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(3))  # large enough to be clipped
    twin = Two(module).eval()
    wanted = attr.GuidedBackprop(copy.deepcopy(twin)).attribute(x.clone().requires_grad_(), target=1)[0].sum(0)
    (plain,) = torch.autograd.grad(twin(x.requires_grad_())[0, 1], x)
    assert not torch.allclose(wanted, plain[0].sum(0), atol=1e-2)
    close(explain(as_model(Two(called), classes=2), x.detach(), "guided-backprop", 1).values, wanted.detach(), 1e-6)


def test_hardtanh_with_two_bounds() -> None:
    """Not flat between them, where only what is positive comes back."""
    torch.manual_seed(4)
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 6), nn.Hardtanh(), nn.Linear(6, 2))
    x = torch.randn(1, 3, 2, 2)
    first, last = network[1].weight.detach(), network[3].weight.detach()
    before = first @ x.flatten() + network[1].bias.detach()
    between = (before.abs() < 1).float()
    assert between.min() == 0
    assert last[1][between > 0].min() < 0
    wanted = ((last[1].clamp(min=0) * between) @ first).reshape(3, 2, 2).sum(0)
    close(explain(as_model(network, classes=2), x, "guided-backprop", 1).values, wanted, 1e-6)


class ByHand(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor) -> Tensor:
        context.save_for_backward(x)
        return x * (x > 0)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (x,) = context.saved_tensors
        return torch.where((x > 0) & (gradients[0] > 0), gradients[0], 0.0)


@pytest.mark.parametrize("name", ["googlenet", "densenet121"])
def test_networks_that_call_relu_as_a_function(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    values = explain(model, x, "guided-backprop", 3).values
    leaf = x.clone().requires_grad_()
    monkeypatch.setattr(F, "relu", lambda x, inplace=False: ByHand.apply(x))  # nn.ReLU calls it too
    (wanted,) = torch.autograd.grad(model.network(leaf)[0, 3], leaf)
    close(values, wanted[0].sum(0))


def test_other_activations_are_refused() -> None:
    for activation in (torch.sigmoid, nn.GELU(), lambda x: x.clamp(min=-1), lambda x: F.leaky_relu(x, 0.1)):
        with pytest.raises(SaliencyImpossible, match="no ReLU"):
            explain(as_model(Two(activation), classes=2), torch.randn(1, 3, 8, 8), "guided-backprop", 1)
