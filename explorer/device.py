"""Where networks run: CUDA, Apple's MPS or the CPU. Torch is imported only when a device is asked for."""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # in glibc's malloc.h


@dataclass(frozen=True)
class DeviceInfo:
    """One device a network can run on.

    Attributes:
        name: what `torch.device` takes: "cuda:0", "mps", "cpu".
        label: what a person reads, for example "CPU, 8 cores".
        memory: bytes it has in all; None where the system does not say.
        free: bytes that are free now; None where the system does not say.
    """

    name: str
    label: str
    memory: int | None
    free: int | None


class DeviceUnavailable(ValueError):
    """The asked-for device is not on this machine; the message says which are."""


def list_devices() -> list[DeviceInfo]:
    """Every device of this machine, the one that "auto" takes first: CUDA, then MPS, then the CPU."""
    import torch

    found: list[DeviceInfo] = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            found.append(DeviceInfo(f"cuda:{index}", torch.cuda.get_device_name(index), total, free))
    if torch.backends.mps.is_available():
        total = torch.mps.recommended_max_memory()
        found.append(DeviceInfo("mps", "Apple GPU", total, total - torch.mps.driver_allocated_memory()))
    total_bytes, free_bytes = _system_memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found.append(DeviceInfo("cpu", f"CPU, {cores} core{'s' if cores != 1 else ''}", total_bytes, free_bytes))
    return found


def resolve_device(name: str = "auto") -> torch.device:
    """The torch device for a name; "auto" is the first of `list_devices`, "cuda" the first CUDA device.

    Once a CUDA device is asked for, convolutions no longer round what they read to ten bits (TF32), as PyTorch lets
    them: in a deep network that adds up to per cents, and the same photo would look otherwise than on the CPU.

    Raises:
        DeviceUnavailable: this machine has no such device.
    """
    import torch

    _keep_freed_memory()
    devices = [info.name for info in list_devices()]
    wanted = {"auto": devices[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in devices:
        raise DeviceUnavailable(f"There is no device {name!r} on this machine; it has {', '.join(devices)}.")
    if wanted.startswith("cuda"):
        torch.backends.cudnn.allow_tf32 = False
    return torch.device(wanted)


@cache
def _keep_freed_memory() -> None:
    """Have the GNU C library keep freed memory, up to 256 MB, for the next pass through a network.

    It gives what a pass has left back to the system otherwise, and gets it again page by page, each filled with zeros:
    up to half of the time that recording all layers takes. One heap for the threads to come, since each of
    many would keep what it has; those that are there keep theirs, so a server sets MALLOC_ARENA_MAX=1 before it starts.
    Other libraries have no such settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 32 * 2**20)  # larger tensors are few; their memory is the system's at once
        mallopt(_TRIM_THRESHOLD, 256 * 2**20)
        mallopt(_ARENA_MAX, 1)


def _system_memory() -> tuple[int | None, int | None]:
    """Bytes of main memory, all and available; None where the system call is unknown."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total = page * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return None, None
    try:
        free = page * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError):  # macOS counts its pages elsewhere
        free = None
    return total, free
