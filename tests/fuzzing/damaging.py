"""Files damaged by chance, the same for the same seed: what the fuzz tests of all kinds of files share.

In the suite each test tries its own small number of seeds; `make fuzz` tries `FUZZ_TIMES` as many. A failure names its
seed, and that seed alone is tried with `FUZZ_SEED=17`.
"""

import os
from collections.abc import Callable, Iterable
from random import Random

EDGES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)  # of a byte, and repeated of the numbers that several bytes make


def seeds(count: int) -> range:
    """The seeds that a test tries, `count` of them in the suite."""
    only = os.environ.get("FUZZ_SEED")
    return range(int(only), int(only) + 1) if only else range(count * int(os.environ.get("FUZZ_TIMES", "1")))


def try_each(tried: Iterable[int], check: Callable[[Random], None]) -> None:
    """Run a check with the random numbers of each seed, and fail at the end with the seeds that failed and why."""
    failed = []
    for seed in tried:
        try:
            check(Random(seed))
        except Exception as problem:
            failed.append(f"seed {seed}: {type(problem).__name__}: {problem}"[:300])
    assert not failed, f"{len(failed)} failed:\n" + "\n".join(failed[:20])


def damage(data: bytes, random: Random) -> bytes:
    """Overwrite, insert, repeat, drop and cut: one to six times, half of them in the first 200 bytes.

    Headers decide more than contents do, and numbers at the edge of their range more than others.
    """
    damaged = bytearray(data)
    for _ in range(random.randint(1, 6)):
        start = random.randrange(min(len(damaged), random.choice((200, len(damaged)))) or 1)
        length = random.choice((1, 1, 2, 4, 8, 40))
        some = bytes([random.choice(EDGES)]) * length if random.random() < 0.5 else random.randbytes(length)
        match random.choice(("overwrite", "overwrite", "overwrite", "insert", "repeat", "drop", "cut")):
            case "overwrite":
                damaged[start : start + length] = some
            case "insert":
                damaged[start:start] = some
            case "repeat":
                damaged[start:start] = damaged[start : start + 10 * length] * random.randint(1, 20)
            case "drop":
                del damaged[start : start + length]
            case "cut" if random.random() < 0.3:
                del damaged[start:]
    return bytes(damaged)
