"""The checks of a GPU, run on the CPU: they work, say so where there is no GPU, and notice what differs."""

import threading

import numpy as np
import pytest
import torch

from benchmarks import device
from benchmarks.device import Check, Found, disorder, largest_difference


def test_every_check_holds_between_the_cpu_and_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert device.main(["--device", "cpu", "--quick"]) == 0
    lines = capsys.readouterr().out.splitlines()
    compared = [line for line in lines if "difference to" in line]
    assert len(compared) == 2 * len(device.list_checks(quick=True))
    assert all(" holds" in line for line in compared)


def test_a_machine_without_cuda_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.main([]) == 0
    assert capsys.readouterr().out == "There is no CUDA device on this machine: nothing is checked.\n"
    with pytest.raises(SystemExit, match="2"):
        device.main(["--device", "cuda:7"])


def test_differences_are_of_the_largest_value_and_words_must_be_the_same() -> None:
    wanted = Found([np.array([0.0, -4.0]), np.array([[1.0]])], ("a", "cat"))
    assert largest_difference(Found([np.array([0.1, -4.0]), np.array([[1.0]])], ("a", "cat")), wanted) == 0.1 / 4
    assert largest_difference(Found(wanted.numbers, ("a", "dog")), wanted) == np.inf
    assert largest_difference(Found(wanted.numbers[:1], wanted.said), wanted) == np.inf
    ranks = np.arange(4.0).reshape(2, 2)
    swapped = np.array([[1.0, 0.0], [2.0, 3.0]])  # Spearman 1957: 1 - 6 (1 + 1) / (4 (16 - 1))
    assert disorder(Found([swapped]), Found([ranks])) == pytest.approx(6 * 2 / 60)


def test_a_device_that_gives_something_else_and_sessions_that_mix_do_not_hold() -> None:
    def open_on(where: str) -> device.Work:
        def work(photo: str) -> Found:
            alone = threading.current_thread() is threading.main_thread()
            return Found([np.array([1.0 if where == "cpu" else 1.01 if alone else 1.02])])

        return work

    holds = {row.name: row.holds for row in device.check_device("other", Check("c", open_on), 1)}
    assert holds == {
        "c: difference to the CPU": False,
        "c: time over the CPU's": None,
        "c: two sessions at once, difference to one alone": False,
    }
