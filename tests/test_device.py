import sys
from types import SimpleNamespace

import pytest
import torch

from explorer.device import DeviceInfo, DeviceUnavailable, list_devices, resolve_device


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool) -> None:
    """A machine with so many CUDA devices, and perhaps Apple's."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (10 + index, 100 + index))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"Card {index}")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", torch.backends.cudnn.allow_tf32)  # as it was, afterwards
    fake = SimpleNamespace(recommended_max_memory=lambda: 1000, driver_allocated_memory=lambda: 400)
    monkeypatch.setattr(torch, "mps", fake)


def test_the_cpu_is_always_there() -> None:
    cpu = list_devices()[-1]
    assert cpu.name == "cpu"
    assert "core" in cpu.label
    if sys.platform == "linux":
        with open("/proc/meminfo") as file:
            lines = dict(line.split(":") for line in file)
        total = int(lines["MemTotal"].split()[0]) * 1024
        assert cpu.memory == pytest.approx(total, rel=0.01)
        assert 0 < cpu.free <= cpu.memory


@pytest.mark.parametrize(
    ("cuda", "mps", "names"),
    [
        (0, False, ["cpu"]),
        (0, True, ["mps", "cpu"]),
        (1, False, ["cuda:0", "cpu"]),
        (2, True, ["cuda:0", "cuda:1", "mps", "cpu"]),
    ],
)
def test_auto_is_cuda_then_mps_then_cpu(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, names: list[str]
) -> None:
    pretend(monkeypatch, cuda, mps)
    assert [info.name for info in list_devices()] == names
    assert resolve_device() == resolve_device("auto") == torch.device(names[0])
    for name in names:
        assert resolve_device(name) == torch.device(name)


def test_memory_of_accelerators(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 2, True)
    _, second, apple, _ = list_devices()
    assert second == DeviceInfo("cuda:1", "Card 1", memory=101, free=11)
    assert (apple.memory, apple.free) == (1000, 600)


def test_cuda_is_the_first_cuda_device(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, 2, False)
    assert resolve_device("cuda") == torch.device("cuda:0")


@pytest.mark.parametrize(("cuda", "name", "rounds"), [(0, "auto", True), (1, "cpu", True), (1, "auto", False)])
def test_convolutions_on_cuda_round_nothing(
    monkeypatch: pytest.MonkeyPatch, cuda: int, name: str, rounds: bool
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    pretend(monkeypatch, cuda, False)
    resolve_device(name)
    assert torch.backends.cudnn.allow_tf32 is rounds


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps", "tpu", "", "CPU"])
def test_other_devices_are_refused_with_what_there_is(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    pretend(monkeypatch, 0, False)
    with pytest.raises(DeviceUnavailable, match=rf"'{name}'.*it has cpu"):
        resolve_device(name)


def test_a_system_that_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def silent(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", silent)
    cpu = list_devices()[-1]
    assert (cpu.memory, cpu.free) == (None, None)


def test_macs_count_free_pages_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    def mac(name: str) -> int:
        if name == "SC_AVPHYS_PAGES":
            raise ValueError("unrecognized configuration name")
        return {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1000}[name]

    monkeypatch.setattr(os, "sysconf", mac)
    cpu = list_devices()[-1]
    assert (cpu.memory, cpu.free) == (4_096_000, None)
