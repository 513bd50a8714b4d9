"""Swin's channels-last blocks and ViT's tokens: shapes, what a cell sees, and multiply-adds."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import SwinTransformer, VisionTransformer

from explorer.anatomy import record, summarize_layers
from explorer.zoo.photo_vit import fuse
from tests.saliency.test_attention import small_hybrid

from .networks import as_model, facts_of
from .test_receptive_field import contains, measure_support


def swin() -> SwinTransformer:
    torch.manual_seed(0)
    return SwinTransformer([4, 4], 8, [2, 2], [2, 4], [3, 3], num_classes=10)


def measure_cell(output: Tensor, row: int, column: int, x: Tensor) -> tuple[int, int, int, int] | None:
    """The hull of the pixels that a cell reacts to.

    torchvision keeps windows apart that the shift has brought together by adding -100 before the softmax: e^-100 is
    left of them, which is nothing in single precision.
    """
    cell = output[0, :, row, column]
    weights = torch.arange(1, len(cell) + 1, dtype=cell.dtype)  # a layer norm makes every plain sum zero
    (gradient,) = torch.autograd.grad((cell * weights).sum(), x, retain_graph=True)
    seen = gradient[0].abs().sum(0) > 1e-30
    rows, columns = seen.any(1).nonzero().flatten().tolist(), seen.any(0).nonzero().flatten().tolist()
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if rows else None


@pytest.mark.parametrize("side", [48, 40, 36])  # 36: nine rows, so that merging pads them to ten
def test_cells_of_every_layer_see_what_is_said(side: int) -> None:
    network = swin().eval()
    model = as_model(network)
    x = torch.randn(1, 3, side, side)
    facts = facts_of(model, x)
    double = network.double().requires_grad_(False)
    outputs: dict[str, Tensor] = {}
    wanted = [name for name, fact in facts.items() if fact.path == name and len(fact.shape) == 3]
    for name in wanted:
        double.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: outputs.update({name: out}))
    x = x.double().requires_grad_()
    double(x)
    assert sum(facts[name].kind == "ShiftedWindowAttention" for name in wanted) == 4
    for name in wanted:
        fact, output = facts[name], outputs[name]
        if fact.channel_axis == 3:
            output = output.permute(0, 3, 1, 2)
        assert tuple(output.shape[1:]) == fact.shape, name
        rows, columns = fact.resolution
        for row, column in {(0, 0), (rows // 2, columns // 2), (rows - 1, 0)}:
            support = measure_cell(output, row, column, x)
            assert support is not None
            assert contains(fact.receptive_field.box(row, column, side, side), support), name


class Slices(nn.Module):
    """What merging patches does, and padding with numbers of cells that differ on every side."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, stride=2)
        self.second = nn.Conv2d(2, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(self.first(x), (1, 2, 3, 4))[..., 1::2, 2:-1]
        return self.second(x).relu()[:, :, 1:].mean((2, 3))


def test_slices_and_padding_move_the_cells() -> None:
    model = as_model(Slices(), classes=2)
    x = torch.randn(1, 3, 30, 34, dtype=torch.double).requires_grad_()
    network = model.network.double()
    fact = facts_of(model, x.detach())["second"]
    outputs: list[Tensor] = []
    network.second.register_forward_hook(lambda _m, _i, out: outputs.append(out))
    network(x)
    assert fact.shape == tuple(outputs[0].shape[1:])
    for row, column in ((2, 3), (3, 5)):
        assert fact.receptive_field.box(row, column, 30, 34) == measure_support(outputs[0], row, column, x)


def test_windows_are_one_layer_with_maps() -> None:
    model, x = as_model(swin()), torch.randn(1, 3, 48, 48)
    recording = record(model, x)
    layer = recording["features.1.1.attn"]
    assert layer.output.shape == (8, 12, 12)
    with torch.inference_mode():
        read = model.network.features[1][1].norm1(recording["features.1.0.add_1"].output.permute(1, 2, 0)[None])
        expected = model.network.features[1][1].attn(read)[0].permute(2, 0, 1)
    torch.testing.assert_close(layer.output, expected)
    assert not any(name.startswith("features.1.1.attn.") for name in recording.layers)


@pytest.mark.parametrize("side", [48, 40])
def test_multiply_adds_of_attention(side: int) -> None:
    model, x = as_model(swin()), torch.randn(1, 3, side, side)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.network(x)
    assert 2 * sum(facts.macs for facts in summarize_layers(model, x)) == counter.get_total_flops()


def test_multiply_adds_of_tokens() -> None:
    network = VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=10)
    model, x = as_model(network), torch.randn(1, 3, 32, 32)
    attention = [facts for facts in summarize_layers(model, x) if facts.kind == "MultiheadAttention"]
    by_hand = 17 * 16 * 48 + 2 * (17 * 17 * 16) + 17 * 16 * 16  # in, compare and gather, out
    assert [facts.macs for facts in attention] == [by_hand, by_hand]


def test_convolutions_before_tokens() -> None:
    """photo-vit's kind: maps up to the cells that become tokens, and every multiply-add of both halves."""
    network = small_hybrid().eval()
    model, x = as_model(network), torch.randn(1, 3, 64, 96)
    facts, recording = facts_of(model, x), record(model, x)
    assert facts["embedding"].shape == (128, 4, 6)
    with torch.inference_mode():
        fine = network.stages[:5](network.stem(x))
        cells = torch.cat([fine, network.stages.stage6(fine).repeat_interleave(2, 2).repeat_interleave(2, 3)], 1)
        torch.testing.assert_close(recording["embedding"].output, network.embedding(cells)[0])
        torch.testing.assert_close(recording.logits, network(x)[0])
        with FlopCounterMode(display=False) as counter:
            network.embedding(cells)
            network.stages(network.stem(x))
    tokens, width = 4 * 6 + 1, 128
    attention = tokens * width * 3 * width + 2 * tokens * tokens * width + tokens * width * width
    assert [fact.macs for fact in facts.values() if fact.kind == "MultiheadAttention"] == [attention] * 6
    blocks = 6 * (attention + 2 * tokens * width * 4 * width)
    assert sum(fact.macs for fact in facts.values()) == counter.get_total_flops() // 2 + blocks + 10 * width
    assert sum(fact.parameters for fact in facts.values()) == sum(
        p.numel() for p in network.parameters() if p is not network.class_token
    )
    double = network.double()
    x = x.double().requires_grad_()
    fine = double.stages[:5](double.stem(x))
    cells = double.embedding(fuse(fine, double.stages.stage6(fine)))
    for row, column in ((0, 0), (2, 3), (3, 5)):
        support = measure_cell(cells, row, column, x)
        assert support is not None
        assert contains(facts["embedding"].receptive_field.box(row, column, 64, 96), support)
