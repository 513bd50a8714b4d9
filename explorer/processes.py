"""Processes that work beside the dashboard: begun, modest, ended with all that they started, and what they died of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from explorer.disk import FULL_DISK, is_full

_PROJECT: Final = Path(__file__).resolve().parents[1]


def start(module: str, *arguments: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Run a module in a session of its own: a Ctrl+C that ends the server is not meant for the work."""
    path = os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-u", "-m", module, *arguments],
        # Threads that wait for work must sleep: by default they spin, and take the cores from the dashboard.
        env={**os.environ, "PYTHONPATH": path, "OMP_WAIT_POLICY": "passive"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        umask=0o077,
    )


def step_aside(niceness: int) -> None:
    """Be modest about the processor, and the first to go when memory ends."""
    if sys.platform != "win32":
        os.nice(max(0, niceness - os.nice(0)))
    # Linux shares the cores out among sessions first, whatever the niceness within each, so the session yields too.
    for path, value in (("/proc/self/autogroup", str(niceness)), ("/proc/self/oom_score_adj", "500")):
        with suppress(OSError):
            Path(path).write_text(value)


def end_session(leader: int) -> None:
    """Kill the process that leads a session, and all that it has started."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that is gone
            os.killpg(leader, signal.SIGKILL)


def end_own_session() -> None:
    """End this process, which leads one."""
    end_session(os.getpid())
    os._exit(1)


def name_death(code: int, output: Path) -> str:
    """What a process died of, by its exit code and the last line of what it printed; "" where it did not."""
    if code == 0:
        return ""
    if code < 0:
        if -code == signal.Signals["SIGKILL"]:
            return "it was killed, perhaps because the memory ran out"
        return f"it died of a signal ({signal.strsignal(-code) or -code})"
    lines = output.read_bytes()[-4096:].decode(errors="replace").strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else f"it ended with code {code}"


def explain(error: BaseException) -> str:
    """One sentence: that of a `ValueError`, which is meant for people; the last line of anything else."""
    if is_full(error):
        return FULL_DISK
    if isinstance(error, ValueError) and str(error).strip():
        return " ".join(str(error).split())
    lines = "".join(traceback.format_exception_only(error)).splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), type(error).__name__)
