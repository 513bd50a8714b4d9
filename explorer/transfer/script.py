"""A training as a Python script that does it again with this library."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from typing import Any, Final

from explorer.transfer.trial import Trial

FROM_ZIP: Final = 'pictures = read_zip(Path("pictures.zip").read_bytes(), "pictures.zip").pictures'
"""The line that reads what `PictureSet.to_zip` wrote, in the same order, so that the split is the same."""


def as_script(trial: Trial, data_source_line: str = FROM_ZIP) -> str:
    """Python that trains the same thing and prints its accuracy on the test pictures.

    It runs from the project's root and leaves the trained network in a folder named after the trial; run again, it
    reads what is there.

    Args:
        trial: what is trained, and how.
        data_source_line: one line that makes `pictures`; it may use `Path`, `read_zip` and `load_built_in`.
    """
    readers = [name for name in ("load_built_in", "read_zip") if name in data_source_line]
    # What is in the folder counts as done, so another recipe must have another folder.
    mark = hashlib.sha256(trial.to_json().encode()).hexdigest()[:8]
    lines = [
        "from pathlib import Path",
        "",
        *([f"from explorer.transfer.data.sources import {', '.join(readers)}"] if readers else []),
        "from explorer.transfer.training import run_experiment",
        "from explorer.transfer.trial import Recipe, Trial",
        "",
        data_source_line,
        f"trial = {write_trial(trial)}",
        f'folder = Path("trained-{trial.strategy}-{mark}")',
        "folder.mkdir(exist_ok=True)",
        "experiment = run_experiment(pictures, trial, folder=folder)",
        'right = f"{experiment.right.sum()} of {experiment.test} test pictures right"',
        'print(f"{experiment.accuracy:.2%}: {right}")',
    ]
    return "\n".join(lines) + "\n"


def write_trial(trial: Trial) -> str:
    """The expression that makes it, one field a line; it needs `Trial` and `Recipe`."""
    return _write(trial)


def _write(value: Any, indent: str = "") -> str:
    """A dataclass as the call that makes it, one field a line."""
    if not is_dataclass(value):
        return repr(value)
    inner = indent + "    "
    parts = [f"{inner}{each.name}={_write(getattr(value, each.name), inner)},\n" for each in fields(value)]
    return f"{type(value).__name__}(\n{''.join(parts)}{indent})"
