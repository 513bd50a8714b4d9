"""The process that `explorer.images.apart` starts: it reads one file after another and answers with its picture."""

import json
import os
import struct
import sys
import time
import warnings
from contextlib import suppress
from typing import Any

from explorer.images.intake import read_image
from explorer.images.limits import ImageRejected


def main(memory: int, seconds: int) -> None:
    """Serve until the pipe ends.

    Args:
        memory: bytes that decoding may reserve.
        seconds: of computing that one picture may take.
    """
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints is no answer
    _limit_memory(memory)
    while head := sys.stdin.buffer.read(8):
        _limit_time(seconds)
        answer: dict[str, Any] = {}
        pixels = b""
        try:
            intake = read_image(sys.stdin.buffer.read(struct.unpack("<Q", head)[0]))
            pixels = intake.image.tobytes()
            answer = {"size": intake.image.size, "format": intake.format, "original_size": intake.original_size}
            answer |= {"sha256": intake.sha256, "frames": intake.frames}
        except ImageRejected as refused:
            answer = {"refused": str(refused)}
        text = json.dumps(answer).encode()
        answers.write(struct.pack("<QQ", len(text), len(pixels)) + text)
        answers.write(pixels)
        answers.flush()


def _limit_memory(memory: int) -> None:
    """Limit what can be reserved, where the system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/status", encoding="ascii") as status:
            now = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
        resource.setrlimit(resource.RLIMIT_DATA, (now + memory, now + memory))


def _limit_time(seconds: int) -> None:
    """Limit the computing until the next answer, where the system can; the process dies at the limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, most))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
