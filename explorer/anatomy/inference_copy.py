"""A copy of a network that gives the same sooner, or nearly the same much sooner: for many pictures."""

from __future__ import annotations

import copy
import time
from collections import Counter
from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer.anatomy.recording import LayerFacts
from explorer.anatomy.tracing import summarize_layers
from explorer.zoo import VisionModel


def inference_copy(model: VisionModel, x: Tensor, dtype: torch.dtype = torch.float32) -> nn.Module:
    """A copy for inference, with batch normalisation folded into the convolutions and weights stored channels-last.

    In single precision what it gives differs from the model's in the last digits only, and it shares what it does not
    change.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), for its shape.
        dtype: of the weights, and of what it is to be given.
    """
    original = model.network
    network = copy.deepcopy(original, {id(t): t for t in [*original.parameters(), *original.buffers()]})
    every = summarize_layers(model, x)
    folded = _foldable(original, every)
    for conv_path, norm_path in folded:
        conv, norm = network.get_submodule(conv_path), network.get_submodule(norm_path)
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        network.set_submodule(conv_path, fuse_conv_bn_eval(conv, norm))
        network.set_submodule(norm_path, nn.Identity())
    for path in _overwriting(every, {norm for _, norm in folded}):
        activation = network.get_submodule(path)
        if isinstance(activation, nn.ReLU | nn.ReLU6):  # and no call of the function
            activation.inplace = True
    for module in network.modules():
        if isinstance(module, nn.Conv2d):  # a new tensor: `Module.to` would rearrange the shared one
            weight = module.weight.detach().contiguous(memory_format=torch.channels_last)
            module.weight = nn.Parameter(weight, requires_grad=False)
    if dtype != torch.float32:
        network = copy.deepcopy(network).to(dtype)  # a copy of its own: `to` would convert the shared tensors
    return network.eval().requires_grad_(False)


@cache
def bf16_is_faster(device: torch.device) -> bool:
    """Whether a convolution in bfloat16 takes less than 60 % of its time in single precision, tried out once.

    Some processors have instructions for it and are several times as fast; others emulate it and are slower.
    """
    tries = {}
    for dtype in (torch.float32, torch.bfloat16):
        conv = nn.Conv2d(64, 64, 3, padding=1, device=device, dtype=dtype).to(memory_format=torch.channels_last)
        x = torch.zeros(8, 64, 28, 28, device=device, dtype=dtype).contiguous(memory_format=torch.channels_last)
        tries[dtype] = conv, x
    try:
        # In turns, so that other work on the machine slows both.
        rounds = [[_time(*each) for each in tries.values()] for _ in range(20)]
    except RuntimeError:  # the device has no such convolution
        return False
    single, halves = (min(times) for times in zip(*rounds, strict=True))
    return halves < 0.6 * single


def _time(conv: nn.Module, x: Tensor) -> float:
    start = time.perf_counter()
    with torch.inference_mode():
        conv(x)
    if x.device.type != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter() - start


def _foldable(network: nn.Module, every: Sequence[LayerFacts]) -> list[tuple[str, str]]:
    """Paths of convolutions and of the batch normalisations that are the only ones to read them."""
    by_name = {facts.name: facts for facts in every}
    calls = Counter(facts.path for facts in every if facts.kind in ("Conv2d", "BatchNorm2d"))
    readers = Counter(name for facts in every for name in facts.inputs)
    found = []
    for norm in every:
        if norm.kind != "BatchNorm2d" or len(norm.inputs) != 1:
            continue
        conv = by_name.get(norm.inputs[0])
        if (
            conv is None
            or conv.kind != "Conv2d"
            or readers[conv.name] != 1
            or not calls[conv.path] == calls[norm.path] == 1
        ):
            continue
        if getattr(network.get_submodule(norm.path), "running_mean", None) is not None:
            found.append((conv.path, norm.path))
    return found


def _overwriting(every: Sequence[LayerFacts], norms: set[str]) -> list[str]:
    """Paths of activations that may overwrite what they read, since no other layer reads it: folded norms' maps."""
    by_name = {facts.name: facts for facts in every}
    readers = Counter(name for facts in every for name in facts.inputs)
    may: dict[str, bool] = {}
    for facts in every:
        if facts.kind in ("ReLU", "ReLU6"):
            alone = all(name in by_name and by_name[name].path in norms and readers[name] == 1 for name in facts.inputs)
            may[facts.path] = may.get(facts.path, True) and alone and len(facts.inputs) == 1
    return [path for path, every_time in may.items() if every_time]
