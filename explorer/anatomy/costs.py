"""Multiply-adds of one operation, counted from shapes. Biases, normalisation and activations count as none.

The rule is the usual one of `torch.utils.flop_counter`, whose floating-point operations are twice these.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from torch import nn
from torchvision.models.swin_transformer import ShiftedWindowAttention

Shape = tuple[int, ...]


def module_macs(module: nn.Module, inputs: Sequence[Shape], output: Shape) -> int:
    """Multiply-adds of a leaf module for one input."""
    if isinstance(module, (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)):
        return prod(inputs[0]) * module.out_channels // module.groups * prod(module.kernel_size)
    if isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)):
        return prod(output) * module.in_channels // module.groups * prod(module.kernel_size)
    if isinstance(module, nn.Linear):
        return prod(output) * module.in_features
    if isinstance(module, nn.MultiheadAttention) and module.batch_first:
        return _attention_macs(*output)
    if isinstance(module, ShiftedWindowAttention):
        batch, *sides, channels = output
        high, wide = module.window_size
        windows = batch * -(-sides[0] // high) * -(-sides[1] // wide)  # the last ones reach into the padding
        return _attention_macs(windows, high * wide, channels)
    return 0


def _attention_macs(groups: int, tokens: int, channels: int) -> int:
    """Multiply-adds of self-attention within groups of tokens.

    Queries, keys, values and the way out are a matrix each; every token is compared with every other, and then gathers
    from every other.
    """
    return groups * tokens * channels * (4 * channels + 2 * tokens)


def function_macs(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], output: Shape) -> int:
    """Multiply-adds of a function, by its name."""
    if name not in _TENSORS:
        return 0
    first, second, *others = (
        tuple((args[place] if place < len(args) else kwargs[key]).shape) for place, key in enumerate(_TENSORS[name])
    )
    if name == "conv_transpose2d":
        return prod(first) * prod(second[1:])
    if name == "scaled_dot_product_attention":  # every query is compared with every key, and gathers from every value
        return prod(first[:-1]) * second[-2] * (first[-1] + others[0][-1])
    return prod(output) * (first[-1] if name in ("matmul", "bmm") else prod(second[1:]))


_TENSORS = {  # the arguments that say what a function multiplies
    "linear": ("input", "weight"),
    "conv2d": ("input", "weight"),
    "conv_transpose2d": ("input", "weight"),
    "matmul": ("input", "other"),
    "bmm": ("input", "mat2"),
    "scaled_dot_product_attention": ("query", "key", "value"),
}
