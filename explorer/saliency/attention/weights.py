"""Attention that is part of the network itself: channel gates, and the self-attention of a vision transformer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
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
        grid: rows and columns of the patches.
    """

    block: str
    weights: Tensor
    grid: tuple[int, int]

    def map_of(self, head: int | None = None, token: int = 0) -> Tensor:
        """(rows, columns) how much a token attends to each patch, by one head or the mean of all.

        Args:
            head: which; the mean if None.
            token: which; the class token by default.
        """
        rows = self.weights.mean(0) if head is None else self.weights[head]
        return rows[token][1:].reshape(self.grid)

    def entropy(self, token: int = 0) -> Tensor:
        """(heads,) in bits: 0 where a token attends to one other only, log2(tokens) where to all alike."""
        return entropy_bits(self.weights[:, token])


def self_attention(model: VisionModel, x: Tensor) -> tuple[BlockAttention, ...]:
    """The attention of every block for one picture, in execution order.

    The blocks do not hand their weights out: each attention is asked again for what it read.

    Args:
        model: a vision transformer with a class token (photo-vit, torchvision's ViT).
        x: (1, 3, H, W), normalised.

    Raises:
        SaliencyImpossible: the network has no self-attention with a class token.
    """
    modules = find_attentions(model)
    blocks = []
    for layer in record(model, x, modules, inputs=True):
        read = layer.read
        assert read is not None
        with torch.inference_mode():
            _, weights = modules[layer.facts.path](read, read, read, need_weights=True, average_attn_weights=False)
        blocks.append(BlockAttention(layer.name, weights[0], grid_of(x, weights.shape[-1] - 1)))
    return tuple(blocks)


def find_attentions(model: VisionModel) -> dict[str, nn.MultiheadAttention]:
    """The self-attention of every block, by path.

    Raises:
        SaliencyImpossible: the network has no self-attention with a class token.
    """
    modules = {
        path: module for path, module in model.network.named_modules() if isinstance(module, nn.MultiheadAttention)
    }
    if not modules or not hasattr(model.network, "class_token"):
        raise SaliencyImpossible(
            f"{model.name} has no self-attention with a class token; photo-vit and torchvision's ViT have."
        )
    return modules


def grid_of(x: Tensor, patches: int) -> tuple[int, int]:
    """Rows and columns of the patches of a picture (1, 3, H, W): they are square, and none is left out."""
    height, width = x.shape[2:]
    rows = round((patches * height / width) ** 0.5)
    return rows, patches // rows


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
    return flow[token][1:].reshape(blocks[0].grid)


class AttentionTap(TorchFunctionMode):
    """Computes PyTorch's multi-head attention step by step, so that its weights have a gradient, and keeps them.

    For self-attention without masks, as vision transformers have it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[Tensor] = []  # (1, heads, tokens, tokens)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is not F.multi_head_attention_forward:
            return func(*args, **(kwargs or {}))
        read, heads, (way_in, bias_in), (way_out, bias_out) = args[0], args[4], args[5:7], args[11:13]
        projected = F.linear(read.transpose(0, 1), way_in, bias_in)  # (1, tokens, 3 C): PyTorch has put tokens first
        query, key, value = projected.unflatten(2, (3, heads, -1)).permute(2, 0, 3, 1, 4)  # each (1, heads, tokens, c)
        weights = (query @ key.transpose(2, 3) / query.shape[3] ** 0.5).softmax(3)
        self.weights.append(weights)
        gathered = (weights @ value).transpose(1, 2).flatten(2)  # (1, tokens, C)
        return F.linear(gathered, way_out, bias_out).transpose(0, 1), None


def class_relevance(model: VisionModel, x: Tensor, target: int, blocks: int | None = None, token: int = 0) -> Tensor:
    """What a token gathers from each patch for one class (Chefer, Gur & Wolf 2021, https://arxiv.org/abs/2103.15679).

    Every attention is multiplied by the gradient of the class's logit with respect to it, what is below zero is cut,
    the heads are averaged: A. From R = 1 on, block by block, R = R + A R.

    Args:
        model: a vision transformer with a class token.
        x: (1, 3, H, W), normalised.
        target: the class.
        blocks: how many, from the first on; all by default.
        token: whose row of R; the class token by default.

    Returns:
        (rows, columns), 0 and above.

    Raises:
        SaliencyImpossible: the network has no self-attention with a class token.
    """
    find_attentions(model)
    with torch.enable_grad(), AttentionTap() as tap:
        score = model.network(x.detach().to(model.device).requires_grad_())[0, target]
    gradients = torch.autograd.grad(score, tap.weights)
    relevance = torch.eye(tap.weights[0].shape[-1], device=model.device)
    for weights, gradient in list(zip(tap.weights, gradients, strict=True))[:blocks]:
        relevance = relevance + (gradient * weights)[0].clamp(min=0).mean(0).detach() @ relevance
    return relevance[token][1:].reshape(grid_of(x, len(relevance) - 1))
