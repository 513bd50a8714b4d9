"""Tasks that take no time, for the workers that the tests start."""

import fcntl
import os
import signal
import subprocess
import time
from pathlib import Path

from explorer.jobs import Context


def count(context: Context) -> None:
    """To `of`, or until there is an input "enough"; a checkpoint every `every` steps, to go on from."""
    checkpoint = context.folder / "checkpoint"
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    context.report({"from": step, "at": time.time(), "node": os.environ.get("NODE", ""), "process": os.getpid()})
    every, of = context.task.get("every", 1), context.task.get("of")
    while not context.stopping():
        if step == of or (of is None and (context.inputs / "enough").exists()):
            write(context, "result", str(step))
            return
        time.sleep(context.task.get("pause", 0))
        step += 1
        context.report({"step": step, "at": time.time(), "process": os.getpid()})
        if step % every == 0:
            write(context, "checkpoint", str(step))


def write(context: Context, name: str, text: str) -> None:
    partial = context.folder / f"{name}.partial"
    partial.write_text(text)
    partial.replace(context.folder / name)


def echo(context: Context) -> None:
    """What came with the order; then it may fail."""
    inputs = {path.name: path.read_text() for path in sorted(context.inputs.iterdir())}
    context.report({"number": context.number, "task": dict(context.task), "inputs": inputs, "process": os.getpid()})
    if context.task.get("fail"):
        raise ValueError("A class has\nno pictures.")


def fail(context: Context) -> None:
    """As the task says."""
    how = context.task["how"]
    if how == "value":
        raise ValueError("A class has\nno pictures.")
    if how == "error":
        raise RuntimeError("first line\nlast line")
    if how == "exit":
        raise SystemExit(3)
    if how == "memory":
        raise MemoryError
    context.report({"fine": True})


def die(context: Context) -> None:
    """As when the kernel takes the process, each time it is begun until `times`; written down where `writing`."""
    marks = context.folder / "deaths"
    if context.task.get("writing"):
        marks.write_text(str(1 + int(marks.read_text() if marks.exists() else 0)))
        if int(marks.read_text()) > context.task["times"]:
            return
    os.kill(os.getpid(), signal.SIGKILL)


def wait(context: Context) -> None:
    """Until stopped."""
    context.report({"process": os.getpid()})
    while not context.stopping():
        time.sleep(0.01)
    write(context, "result", "kept")


def guard(context: Context) -> None:
    """Count as `count` does, and tell whether anybody else was at it when it began, by a lock of its own."""
    with Path(context.task["lock"]).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            context.report({"alone": True, "process": os.getpid()})
        except BlockingIOError:
            context.report({"alone": False, "process": os.getpid()})
        count(context)


def sleep(context: Context) -> None:
    """For ever, and deaf."""
    context.report({"process": os.getpid()})
    (context.folder / "half").write_text("kept")
    while True:
        time.sleep(1)


def look_around(context: Context) -> None:
    """Where and how this process runs."""
    autogroup = Path("/proc/self/autogroup")
    context.report(
        {
            "nice": os.nice(0),
            "autogroup": autogroup.read_text() if autogroup.exists() else "",
            "policy": os.environ.get("OMP_WAIT_POLICY"),
            "cache": os.path.abspath(os.environ.get("EXPLORER_CACHE", "")),
            "leader": os.getsid(0) == os.getpid(),
        }
    )


not_a_function = 3


def have_child(context: Context) -> None:
    """A process of its own, and for ever."""
    child = subprocess.Popen(["sleep", "1000"])
    context.report({"child": child.pid})
    child.wait()


def fill(context: Context) -> None:
    """So many bytes of results."""
    (context.folder / "result").write_bytes(bytes(context.task["bytes"]))


def locate(context: Context) -> None:
    """Where the code lies that runs here."""
    import explorer

    root = Path(explorer.__file__).parents[1]
    context.report({"code": str(root), "models": (root / "models").is_dir(), "tests": (root / "tests").is_dir()})
