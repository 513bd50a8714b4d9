"""The intake in a process of its own, with a limit of memory and of time: for the files that people send.

Such a process stays for the next picture. Where a decoder takes too much, crashes or never ends, the process is what is
lost, and the picture is refused.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

from explorer.images.intake import Intake, check_bytes
from explorer.images.limits import MAX_MEMORY, ImageRejected

MEMORY = 2 * MAX_MEMORY  # bytes beyond those of a process at rest: what is reserved is more than what is used
SECONDS = 10  # of computing, for one picture
PATIENCE = 60.0  # seconds on the clock, for a decoder that waits for ever
_PROJECT = Path(__file__).parents[2]
_places = threading.BoundedSemaphore(2)  # pictures that are decoded at a time, on the whole server
_idle: list["subprocess.Popen[bytes]"] = []


def read_apart(data: bytes) -> Intake:
    """Read the bytes of an image file as `read_image` does, but in another process. Safe to call from many threads.

    Raises:
        ImageRejected: when `read_image` does, and where decoding takes more than `MEMORY` or `SECONDS`.
    """
    check_bytes(data)
    with _places:
        process = _idle.pop() if _idle else _start()
        if process.poll() is not None:  # it ended while nobody looked
            process = _start()
        answer, pixels = _ask(process, data)
        _idle.append(process)
    if "refused" in answer:
        raise ImageRejected(answer["refused"])
    image = Image.frombytes("RGB", answer["size"], pixels)
    return Intake(image, answer["format"], tuple(answer["original_size"]), answer["sha256"], answer["frames"])


def _start() -> "subprocess.Popen[bytes]":
    path = os.pathsep.join(filter(None, [str(_PROJECT), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "explorer.images.worker", str(MEMORY), str(SECONDS)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl+C is the server's business, whose end is the end of the pipes
    )


def _ask(process: "subprocess.Popen[bytes]", data: bytes) -> tuple[dict[str, Any], bytes]:
    """What a process says of a file, and the pixels of its picture.

    Raises:
        ImageRejected: the process died of it.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        process.stdin.write(struct.pack("<Q", len(data)))
        process.stdin.write(data)
        process.stdin.flush()
        length, count = struct.unpack("<QQ", process.stdout.read(16))
        answer = json.loads(process.stdout.read(length))
        return answer, process.stdout.read(count)
    except (OSError, struct.error, ValueError):
        process.kill()
        slow = process.wait() in (-signal.SIGXCPU, -signal.SIGKILL)
        with suppress(OSError):  # closing would send the rest of what it has not read
            process.stdin.close()
        process.stdout.close()
        what = "takes too long" if slow else "makes its decoder fail"
        raise ImageRejected(f"The file {what} and is not read; save it as a plain JPEG.") from None
    finally:
        late.cancel()
