"""The task of saying the first letter, against a plain program."""

from __future__ import annotations

import pytest

from explorer.sequences.memory.first_letter import STEPS, Task, task_snippet, train_in_slices
from explorer.sequences.memory.networks import Network
from tests.pages.opening import run_snippet
from tests.slices import gather


def test_the_snippet_learns_the_same() -> None:
    task = Task(Network("lstm", 3.0, units=12, seed=1), 3)
    told, learned = gather(train_in_slices(task))
    assert told[-1] == (STEPS, STEPS)
    assert told == sorted(told)
    _, printed = run_snippet(task_snippet(task))
    assert learned.right[-1] == pytest.approx(float(printed), abs=0.03)  # float32
    assert learned.right[0] < 0.5 < 0.9 < learned.right[-1]
