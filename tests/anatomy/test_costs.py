"""Multiply-adds against `torch.utils.flop_counter`, parameters and bytes against the network itself."""

from collections import Counter

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from explorer.anatomy import record, summarize_layers
from explorer.zoo import VisionModel, list_shipped

from .networks import SIDES, as_model, make_input, open_any


def count_flops(model: VisionModel, x: torch.Tensor) -> FlopCounterMode:
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.network(x)
    return counter


@pytest.mark.parametrize("name", [*SIDES, *list_shipped()])
def test_multiply_adds_are_half_of_pytorchs_flops(name: str) -> None:
    model, x = open_any(name), make_input(name)
    facts = summarize_layers(model, x)
    counter = count_flops(model, x)
    assert 2 * sum(layer.macs for layer in facts) == counter.get_total_flops() > 0
    table = {path: sum(by_op.values()) for path, by_op in counter.get_flop_counts().items()}
    for path, module in model.network.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            ours = 2 * sum(layer.macs for layer in facts if layer.path == path)
            assert ours == table[f"{type(model.network).__name__}.{path}"], path


@pytest.mark.parametrize("name", [*SIDES, *list_shipped()])
def test_layers_hold_all_parameters(name: str) -> None:
    model, x = open_any(name), make_input(name)
    facts = summarize_layers(model, x)
    assert sum(layer.parameters for layer in facts) == sum(p.numel() for p in model.network.parameters())
    for layer in facts:
        if layer.name == layer.path:
            module = model.network.get_submodule(layer.path)
            assert layer.parameters == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("name", ["mini_resnet", "convnext_tiny"])
def test_activation_bytes_are_those_of_the_output(name: str) -> None:
    for layer in record(open_any(name), make_input(name)):
        assert layer.facts.activation_bytes == layer.output.numel() * layer.output.element_size()


class Functional(nn.Module):
    """Multiply-adds that no module makes."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(6, 1, 3, 3))
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, groups=2)
        self.dilated = nn.Conv2d(4, 6, (3, 1), dilation=(2, 1), padding=(2, 0), bias=False)
        self.weight = nn.Parameter(torch.randn(5, 6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(F.conv2d(x, self.kernel, stride=2, padding=1, groups=3))
        x = self.dilated(self.up(x)).mean((2, 3))
        return torch.matmul(F.linear(x, self.weight), torch.ones(5, 3))


def test_functions_and_rare_convolutions() -> None:
    model, x = as_model(Functional(), classes=3), torch.randn(1, 3, 15, 18)
    facts = {layer.name: layer for layer in summarize_layers(model, x)}
    assert 2 * sum(layer.macs for layer in facts.values()) == count_flops(model, x).get_total_flops()
    assert facts["conv2d"].macs == 6 * 8 * 9 * 9  # each output cell: one input channel of its group, 3x3
    assert facts["conv2d"].parameters == 54
    assert facts["linear"].macs == facts["linear"].parameters == 30
    assert facts["matmul"].macs == 15
    assert Counter(layer.macs > 0 for layer in facts.values()) == {True: 5, False: 2}


class ByKeyword(nn.Module):
    """The same kinds of functions with their arguments named, and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.up = nn.Parameter(torch.randn(6, 1, 3, 3)), nn.Parameter(torch.randn(6, 2, 3, 2))
        self.weight, self.other = nn.Parameter(torch.randn(5, 4)), nn.Parameter(torch.randn(5, 7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.conv2d(input=x, weight=self.kernel, stride=2, padding=1, groups=3)
        x = F.conv_transpose2d(input=x, weight=self.up, stride=2, groups=2)
        x = F.conv_transpose2d(x, self.weight.new_ones(4, 4, 1, 1))
        x = x.mean((2, 3))
        x = torch.matmul(input=F.linear(input=x, weight=self.weight), other=self.other)
        return torch.bmm(input=x[None], mat2=torch.ones(1, 7, 3))[0]


def test_functions_by_keyword() -> None:
    model, x = as_model(ByKeyword(), classes=3), torch.randn(1, 3, 15, 18)
    facts = {layer.name: layer for layer in summarize_layers(model, x)}
    assert 2 * sum(layer.macs for layer in facts.values()) == count_flops(model, x).get_total_flops()
    assert facts["conv2d"].macs == 6 * 8 * 9 * 9
    assert facts["conv_transpose2d"].macs == 6 * 8 * 9 * 2 * 3 * 2  # each input cell goes to 2 channels, 3 x 2 cells
    assert facts["conv_transpose2d"].parameters == 6 * 2 * 3 * 2
    assert facts["conv_transpose2d_1"].macs == 4 * 4 * 17 * 18
    assert (facts["linear"].macs, facts["matmul"].macs, facts["bmm"].macs) == (20, 35, 21)


def test_attention_by_function() -> None:
    """Products of every query with every key, and of every weight with every value."""

    class Attention(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            tokens = x.flatten(2).mT  # (1, 12, 3)
            return F.scaled_dot_product_attention(tokens, tokens[:, :5], value=tokens[:, :5, :2]).mean(1)

    (attention, _mean) = summarize_layers(as_model(Attention(), classes=2), torch.randn(1, 3, 3, 4))[-2:]
    assert attention.kind == "attention"
    assert attention.macs == 12 * 5 * 3 + 12 * 5 * 2
