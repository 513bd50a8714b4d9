"""Work in a process that has done nothing before: empty caches, its own memory, torch not imported."""

import logging
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def call_in_fresh_process(
    function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call a function of a module in a process started for it; what it raises is raised here."""
    # "spawn" begins with a bare interpreter; a fork would inherit imports, pages of memory and torch's threads.
    context = multiprocessing.get_context("spawn")
    # Streamlit warns, again and again, that code of pages runs without a web server: here it is meant to.
    with ProcessPoolExecutor(1, context, initializer=logging.disable, initargs=(logging.WARNING,)) as pool:
        return pool.submit(function, *args, **kwargs).result()
