"""Attention that is part of the network itself: channel gates, and the self-attention of a vision transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt, log

import torch
from torch import Tensor, nn
from torchvision.ops.misc import SqueezeExcitation

from explorer.anatomy import record
from explorer.saliency.heatmap import SaliencyImpossible
from explorer.zoo import VisionModel


@dataclass(frozen=True, eq=False)
class Gates:
    """What one squeeze-and-excitation block multiplies its channels by (Hu et al. 2018).

    Attributes:
        block: path of the block.
        values: (C,) from 0, shut, to 1, open.
    """

    block: str
    values: Tensor


def channel_gates(model: VisionModel, x: Tensor) -> tuple[Gates, ...]:
    """The gates of every block for one picture, in execution order; none where the network has no such block.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
    """
    names = [
        f"{path}.scale_activation"
        for path, module in model.network.named_modules()
        if isinstance(module, SqueezeExcitation)
    ]
    if not names:
        return ()
    return tuple(Gates(layer.name.rpartition(".")[0], layer.output.flatten()) for layer in record(model, x, names))


def gated_maps(model: VisionModel, x: Tensor, block: str) -> Tensor:
    """The maps (C, H, W) of which one squeeze-and-excitation block multiplies each by its gate, before it does.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        block: path of the block, as `channel_gates` names it.
    """
    pooled = f"{block}.avgpool"  # its first step, which reads the maps
    read = record(model, x, [pooled], inputs=True)[pooled].read
    assert read is not None
    return read[0]


@dataclass(frozen=True, eq=False)
class BlockAttention:
    """Who attends to whom in one block of a vision transformer.

    Attributes:
        block: path of the self-attention.
        weights: (heads, tokens, tokens), each row with sum 1; token 0 is the class token, the others are the patches,
            row by row.
    """

    block: str
    weights: Tensor

    def map_of(self, head: int | None = None, token: int = 0) -> Tensor:
        """(rows, columns) how much a token attends to each patch, by one head or the mean of all.

        Args:
            head: which; the mean if None.
            token: which; the class token by default.
        """
        rows = self.weights.mean(0) if head is None else self.weights[head]
        return _as_patches(rows[token])

    def entropy(self, token: int = 0) -> Tensor:
        """(heads,) in bits: 0 where a token attends to one other only, log2(tokens) where to all alike."""
        return entropy_bits(self.weights[:, token])


def self_attention(model: VisionModel, x: Tensor) -> tuple[BlockAttention, ...]:
    """The attention of every block for one picture, in execution order.

    torchvision's blocks do not hand their weights out: each attention is asked again for what it read.

    Args:
        model: a vision transformer with a class token (torchvision's ViT).
        x: (1, 3, H, W), normalised.

    Raises:
        SaliencyImpossible: the network has no self-attention with a class token.
    """
    modules = {
        path: module for path, module in model.network.named_modules() if isinstance(module, nn.MultiheadAttention)
    }
    if not modules or not hasattr(model.network, "class_token"):
        raise SaliencyImpossible(f"{model.name} has no self-attention with a class token; ViT has.")
    blocks = []
    for layer in record(model, x, modules, inputs=True):
        read = layer.read
        assert read is not None
        with torch.inference_mode():
            _, weights = modules[layer.name](read, read, read, need_weights=True, average_attn_weights=False)
        blocks.append(BlockAttention(layer.name, weights[0]))
    return tuple(blocks)


def entropy_bits(weights: Tensor) -> Tensor:
    """Shannon's entropy of the last axis, which sums to 1, in bits."""
    return torch.special.entr(weights).sum(-1) / log(2)


def rollout(blocks: Sequence[BlockAttention], token: int = 0) -> Tensor:
    """Attention rollout (Abnar & Zuidema 2020): what a token gathers from each patch through all blocks.

    Each block counts half as its mean attention and half as the identity, for the residual connection beside it.

    Args:
        blocks: from the first on.
        token: whose; the class token by default.

    Returns:
        (rows, columns), with the class token's own share left out.
    """
    flow = torch.eye(blocks[0].weights.shape[-1], device=blocks[0].weights.device)
    for block in blocks:
        mixed = 0.5 * block.weights.mean(0) + 0.5 * torch.eye(len(flow), device=flow.device)  # rows sum to 1
        flow = mixed @ flow
    return _as_patches(flow[token])


def _as_patches(row: Tensor) -> Tensor:
    """From (tokens,) to (rows, columns): torchvision's ViT takes square pictures only."""
    side = isqrt(len(row) - 1)
    return row[1:].reshape(side, side)
