"""Medians of wall-clock time. What is timed is the business of the benchmarks."""

import time
from collections.abc import Callable
from statistics import median


def seconds_of(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(
    first: Callable[[], float], second: Callable[[], float], repetitions: int, warm_up: int
) -> tuple[float, float]:
    """The medians of two measurements taken in turns, A B A B ..., after some turns that do not count."""
    pairs = [(first(), second()) for _ in range(warm_up + repetitions)][warm_up:]
    return median(a for a, _ in pairs), median(b for _, b in pairs)
