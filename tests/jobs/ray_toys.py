"""Tasks that take no time, for the Ray workers that the tests start."""

import os
import signal
import time
from pathlib import Path

from explorer.jobs.order import Context


def count(context: Context) -> None:
    """Count to `of`, a step every `pause` seconds and a checkpoint at each, from where the last one stands."""
    checkpoint = context.folder / "checkpoint"
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    context.report({"from": step, "node": os.environ.get("NODE", ""), "process": os.getpid()})
    while step < context.task["of"] and not context.stopping():
        time.sleep(context.task.get("pause", 0.0))
        step += 1
        write(context, "checkpoint", str(step))
        context.report({"step": step})
    if step == context.task["of"]:
        write(context, "deep/result", str(step))


def write(context: Context, name: str, text: str) -> None:
    path = context.folder / name
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)


def echo(context: Context) -> None:
    """What came with the order; then it may fail."""
    inputs = {path.name: path.read_text() for path in sorted(context.inputs.iterdir())}
    context.report({"number": context.number, "task": dict(context.task), "inputs": inputs})
    if context.task.get("fail"):
        raise ValueError("A class has\nno pictures.")


def die(context: Context) -> None:
    """As when the kernel takes the process."""
    context.report({"dying": True})
    time.sleep(1.0)  # until that is told
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(context: Context) -> None:
    """For ever, and deaf."""
    write(context, "half", "kept")
    context.report({"process": os.getpid()})
    while True:
        time.sleep(1)


def locate(context: Context) -> None:
    """Where the code lies that runs here."""
    import explorer

    root = Path(explorer.__file__).parents[1]
    context.report({"code": str(root), "models": (root / "models").is_dir(), "tests": (root / "tests").is_dir()})
