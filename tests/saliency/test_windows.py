"""Attention in shifted windows, recomputed cell by cell from the module's own weights."""

from itertools import product
from math import log2

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.models import SwinTransformer
from torchvision.models.swin_transformer import ShiftedWindowAttention

from explorer.anatomy import record
from explorer.saliency import SaliencyImpossible, window_attention
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model
from tests.anatomy.test_concurrency import assert_untouched

from .networks import make_input, open_model


def small_swin(window: int = 3) -> VisionModel:
    torch.manual_seed(0)
    network = SwinTransformer([4, 4], 8, [2, 2], [2, 4], [window, window], num_classes=10)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return as_model(network)


def read_by(model: VisionModel, x: Tensor) -> dict[str, tuple[ShiftedWindowAttention, Tensor]]:
    modules = {p: m for p, m in model.network.named_modules() if isinstance(m, ShiftedWindowAttention)}
    return {each.name: (modules[each.name], each.read) for each in record(model, x, modules, inputs=True)}


def dense_attention(module: ShiftedWindowAttention, read: Tensor) -> tuple[Tensor, Tensor, tuple[int, int]]:
    """(heads, N, N) weights between all cells of the padded map, in the picture's own layout, and the values.

    Who may see whom is written down for every pair: the same window of the rolled map, and no step over its seam.
    """
    _, rows, columns, channels = read.shape
    high, wide = module.window_size
    down, right = -(-rows // high) * high, -(-columns // wide) * wide
    sides = zip((high, wide), (down, right), module.shift_size, strict=True)
    shift = [0 if side >= count else step for side, count, step in sides]
    padded = F.pad(read, (0, 0, 0, right - columns, 0, down - rows))[0].reshape(-1, channels)
    query, key, value = (
        part.reshape(len(padded), module.num_heads, -1).transpose(0, 1)
        for part in F.linear(padded, module.qkv.weight, module.qkv.bias).chunk(3, -1)
    )
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    table = module.relative_position_bias_table.reshape(2 * high - 1, 2 * wide - 1, -1)
    allowed = torch.full((len(padded), len(padded)), -torch.inf)
    places = list(product(range(down), range(right)))
    rolled = [((r - shift[0]) % down, (c - shift[1]) % right) for r, c in places]
    for a, (r, c) in enumerate(rolled):
        for b, (s, d) in enumerate(rolled):
            together = r // high == s // high and c // wide == d // wide
            # Rolling brings what lay at the upper and left edge beside what lies at the lower and right one.
            seamless = (places[a][0] < shift[0]) == (places[b][0] < shift[0])
            seamless &= (places[a][1] < shift[1]) == (places[b][1] < shift[1])
            if together and seamless:
                allowed[a, b] = 0
                scores[:, a, b] += table[r - s + high - 1, c - d + wide - 1]
    return (scores + allowed).softmax(-1), value, (down, right)


@pytest.mark.parametrize("side", [24, 48, 40])  # whole windows, more of them, padding
def test_window_attention_is_what_the_blocks_compute(side: int) -> None:
    model = small_swin()
    x = torch.randn(1, 3, side, side)
    blocks = window_attention(model, x)
    names = [f"features.{stage}.{number}.attn" for stage in (1, 3) for number in (0, 1)]
    assert [each.block for each in blocks] == names
    for block, (module, read) in zip(blocks, read_by(model, x).values(), strict=True):
        weights, value, (down, right) = dense_attention(module, read)
        rows, columns = block.cells
        assert block.cells == read.shape[1:3]
        # The weights are the right ones if they make the module's output.
        mixed = (weights @ value).transpose(0, 1).reshape(down, right, -1)[:rows, :columns]
        torch.testing.assert_close(F.linear(mixed, module.proj.weight, module.proj.bias), module(read)[0])
        # Every place: what all askers of the picture give it, over the number of those that share its window.
        grid = weights.reshape(-1, down, right, down, right)
        seen = grid[:, :rows, :columns].sum((1, 2))[:, :rows, :columns]
        (high, wide), (up, left) = block.window, block.shift
        window = [[((r - up) % down // high, (c - left) % right // wide) for c in range(right)] for r in range(down)]
        askers = torch.tensor(
            [
                [sum(window[r][c] == window[s][d] for s in range(rows) for d in range(columns)) for c in range(columns)]
                for r in range(rows)
            ]
        )
        torch.testing.assert_close(block.maps, seen / askers)
        rest = grid[:, :rows, :columns].reshape(len(weights), rows * columns, -1)
        bits = torch.stack([-(row[row > 0] * row[row > 0].log2()).sum() for head in rest for row in head])
        torch.testing.assert_close(block.entropy, bits.reshape(len(weights), -1).mean(1))
    assert_untouched(model)


def test_every_window_gives_all_it_has() -> None:
    blocks = window_attention(small_swin(), torch.randn(1, 3, 24, 24))
    assert {each.shift for each in blocks} == {(0, 0), (1, 1)}
    for block in blocks:
        torch.testing.assert_close(block.maps.sum((1, 2)), torch.full((len(block.maps),), block.weights.shape[0] * 1.0))
        assert (block.entropy < log2(9)).all()


def test_a_window_that_covers_the_map_is_not_shifted() -> None:
    blocks = window_attention(small_swin(window=6), torch.randn(1, 3, 24, 24))
    assert [each.shift for each in blocks] == [(0, 0)] * 4
    assert blocks[-1].cells == (3, 3)


def test_the_swin_of_the_zoo() -> None:
    model = open_model("swin_t")
    blocks = window_attention(model, make_input(model, 64))
    assert len(blocks) == 12
    assert blocks[0].maps.shape == (3, 16, 16)
    assert blocks[-1].maps.shape == (24, 2, 2)
    with pytest.raises(SaliencyImpossible, match="no attention in shifted windows"):
        window_attention(open_model("tiny-vgg"), make_input(open_model("tiny-vgg")))
