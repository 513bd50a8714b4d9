"""A running experiment as a session sees it: a process, what it has said so far, and how to end it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Literal

from explorer.augmentation import Experiment, Pictures
from explorer.augmentation.work import Order, pack

State = Literal["running", "done", "stopped", "failed"]
_ROOT = Path(__file__).parents[2]


class Job:
    """One experiment in a process of its own; ends with this object, since its input is then closed.

    Attributes:
        order: what is trained.
        started: seconds of the wall clock.
        title: the name of the person's own folder; "" for other pictures.
    """

    def __init__(self, order: Order, own: Pictures | None = None, title: str = "") -> None:
        """Start it.

        Args:
            order: what is trained.
            own: the pictures where they are the person's own.
            title: the name of their file.
        """
        self.order = order
        self.title = title
        self.started = time.time()
        self._stopped = False
        # Into files, not pipes: nobody may be reading while the person looks at another page.
        self._output = tempfile.NamedTemporaryFile(prefix="augmentation-", suffix=".jsonl")  # noqa: SIM115
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "explorer.augmentation.work"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._errors,
        )
        assert self._process.stdin is not None
        text = order.to_json() + "\n" + ("" if own is None else pack(own) + "\n")
        # Pictures are more than a pipe holds, and the process reads only once it is up: nobody shall wait for that.
        threading.Thread(target=_hand_over, args=(self._process.stdin, text.encode()), daemon=True).start()

    def stop(self) -> None:
        """End it now; what has been measured stays."""
        if self._process.poll() is None:
            self._stopped = True
            self._process.terminate()
            self._process.wait(timeout=10)

    @property
    def state(self) -> State:
        """How far it is."""
        code = self._process.poll()
        if self._stopped:
            return "stopped"
        if code is None:
            return "running"
        return "failed" if self.problem else "done"

    @property
    def experiment(self) -> Experiment | None:
        """The curves as far as they have come; None before the first point."""
        description = [line["experiment"] for line in self._lines() if "experiment" in line]
        if not description:
            return None
        experiment = Experiment.from_json(description[-1])
        return replace(experiment, stopped=True) if self._stopped and experiment.done < experiment.steps else experiment

    @property
    def problem(self) -> str:
        """Why it could not be, in one sentence; "" where nothing is wrong."""
        for line in self._lines():
            if "problem" in line:
                return str(line["problem"])
        if self._process.poll() not in (None, 0) and not self._stopped:
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["no reason was given"]
            return f"The training ended early: {last[0]}"
        return ""

    def seconds_left(self, experiment: Experiment | None) -> float | None:
        """By the pace so far; None before there is one."""
        if experiment is None or experiment.done == 0:
            return None
        return experiment.seconds / experiment.done * (experiment.steps - experiment.done)

    def _lines(self) -> list[dict[str, str]]:
        text = Path(self._output.name).read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]  # the last line may be half written
        return [json.loads(line) for line in whole.splitlines()]


def _hand_over(to: IO[bytes], text: bytes) -> None:
    with suppress(OSError):  # stopped before it has read everything
        to.write(text)
        to.flush()
