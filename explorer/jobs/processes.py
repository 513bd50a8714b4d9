"""How supervisors and workers are started and ended: in sessions of their own, in the project's folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from explorer.jobs.locking import INHERITED, Lock

_PROJECT: Final = Path(__file__).resolve().parents[2]
_FOLDERS: Final = ("EXPLORER_CACHE", "EXPLORER_DATA", "HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME")


def start(module: str, *arguments: str, lock: Lock, output: IO[bytes], stdin: int) -> subprocess.Popen[bytes]:
    """Run a module in a session of its own: a Ctrl+C that ends the server is not meant for the work.

    Args:
        module: dotted name.
        arguments: of its command line.
        lock: stays held as long as the process lives, where the system can do that.
        output: takes what it prints.
        stdin: `subprocess.PIPE` or `subprocess.DEVNULL`.
    """
    return subprocess.Popen(
        [sys.executable, "-u", "-m", module, *arguments],
        cwd=_PROJECT,
        env=_make_absolute(os.environ),
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=(lock.descriptor,) if INHERITED else (),
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process that `start` has started and whatever it has started, also where it is gone already itself."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that is gone
            os.killpg(process.pid, signal.SIGKILL)


def step_aside(niceness: int) -> None:
    """Be modest about the processor, and the first to go when memory ends."""
    if sys.platform != "win32":
        os.nice(max(0, niceness - os.nice(0)))
    # Linux shares the cores out among sessions first, whatever the niceness within each, so the session yields too.
    for path, value in (("/proc/self/autogroup", str(niceness)), ("/proc/self/oom_score_adj", "500")):
        with suppress(OSError):
            Path(path).write_text(value)


def _make_absolute(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server, as it is to be understood in the project's folder."""
    folders = {
        name: os.path.abspath(os.path.expanduser(environment[name])) for name in _FOLDERS if environment.get(name)
    }
    # Threads that wait for work must sleep: by default they spin, and take the cores from the dashboard.
    return {**environment, **folders, "OMP_WAIT_POLICY": "passive"}
