"""Run the benchmarks, print a table, write `benchmarks/results.json`."""

import argparse
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks import NAMES, measure
from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row, describe_device, describe_machine, format_table, write_results

RESULTS = Path(__file__).parent / "results.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 also where a bound does not hold, unless asked to check; 1 where a benchmark broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all unless given: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="a few repetitions: whether it works, not how fast it is")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bound does not hold")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(NAMES):  # argparse's `choices` refuse an empty list in Python 3.11
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")

    # A device is looked for in a process of its own too: a CUDA context in this one would take the others' memory.
    header = {**describe_machine(), "device": call_in_fresh_process(describe_device), "quick": options.quick}
    rows: list[Row] = []
    broken = []
    for name in options.names or NAMES:
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        start = time.perf_counter()
        try:
            rows += call_in_fresh_process(measure, name, options.quick)
        except Exception:
            traceback.print_exc()
            broken.append(name)
        print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)

    print(format_table(header, rows))
    write_results(RESULTS, header, rows)
    if broken:
        print(f"Broke: {', '.join(broken)}.")
    failed = [row for row in rows if row.holds is False]
    return 1 if broken or (options.check and failed) else 0


if __name__ == "__main__":
    sys.exit(main())
