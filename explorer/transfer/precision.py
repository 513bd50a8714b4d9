"""What a training computes in on a device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def precision(device: torch.device) -> str:
    """What a training computes in: "bf16 autocast" where hardware has it, "fp16 autocast" on older CUDA, "float32"."""
    if device.type == "cuda":
        return "bf16 autocast" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16 autocast"
    if device.type == "cpu" and _cpu_has_bf16():
        return "bf16 autocast"
    return "float32"


def autocast(device: torch.device, name: str) -> AbstractContextManager[object]:
    """The context in which a forward pass computes in that precision."""
    if name == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16 if name.startswith("bf16") else torch.float16)


def _cpu_has_bf16() -> bool:
    """Arithmetic on bfloat16 in hardware; where it is emulated, it is slower than float32."""
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in asked)


def describe_precision(device: str) -> str:
    """What a training computes in on this device, in a sentence."""
    from explorer.device import resolve_device
    from explorer.transfer.precision import precision

    name = precision(resolve_device(device))
    if name == "float32":
        return "Trains in float32: this device has no fast arithmetic of fewer bits."
    kind = "bf16" if name.startswith("bf16") else "fp16"
    return f"Trains with mixed precision ({kind} autocast), and is measured in float32."
