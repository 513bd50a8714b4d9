"""Let crowds of several sizes in, print a table, write `benchmarks/load/results.json`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import benchmarks.load
from benchmarks.isolation import call_in_fresh_process
from benchmarks.load.crowd import meet_dashboard, meet_empty_app, meet_sessions, soak
from benchmarks.load.rows import NO_BROWSER, rows_of_crowd, rows_of_sessions, rows_of_soak, rows_without_browsers
from benchmarks.results import Row, describe_device, describe_machine, format_table, write_results

RESULTS = Path(__file__).parent / "results.json"
PEOPLE = (1, 8, 20, 30)
ROUNDS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """1 where something went wrong, or where a bound does not hold and that was asked for; else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=benchmarks.load.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", nargs="*", type=int, default=PEOPLE, metavar="N", help="how many at once, in turn")
    parser.add_argument("--sessions", nargs="*", type=int, default=[], metavar="N", help="the same without browsers")
    parser.add_argument("--pause", type=float, default=0, metavar="S", help="mean seconds between answer and question")
    parser.add_argument("--minutes", type=float, default=0, metavar="M", help="after that, the last N for so long")
    parser.add_argument("--quick", action="store_true", help="one walk: whether it works, not how fast it is")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bound does not hold")
    options = parser.parse_args(arguments)
    if min([*options.people, *options.sessions], default=0) < 1 or (options.minutes and not options.people):
        parser.error("A crowd has one person at least.")

    header = {
        **describe_machine(),
        "device": call_in_fresh_process(describe_device),
        "quick": options.quick,
        "pause": options.pause,
    }
    rounds = 1 if options.quick else ROUNDS
    rows: list[Row] = []
    crowds = []
    for people in options.people:
        print(f"{people} at once ...", file=sys.stderr, flush=True)
        crowds.append(meet_dashboard(people, rounds, options.pause))
        rows += rows_of_crowd(crowds[-1], meet_empty_app(people, rounds, options.pause))
    rows += rows_of_sessions(crowds)
    for people in options.sessions:
        print(f"{people} at once without browsers ...", file=sys.stderr, flush=True)
        crowds.append(meet_sessions(people, rounds, options.pause))
        rows += rows_without_browsers(crowds[-1])
    rows += rows_of_sessions(crowds[len(options.people) :], NO_BROWSER)
    if options.minutes:
        print(f"{options.people[-1]} for {options.minutes:g} minutes ...", file=sys.stderr, flush=True)
        crowds.append(soak(options.people[-1], options.minutes, options.pause))
        rows += rows_of_soak(crowds[-1], options.minutes)

    print(format_table(header, rows))
    write_results(RESULTS, header, rows)
    wrong = [error for crowd in crowds for error in crowd.errors]
    for error in wrong:
        print(error, file=sys.stderr)
    return 1 if wrong or (options.check and any(row.holds is False for row in rows)) else 0


if __name__ == "__main__":
    sys.exit(main())
