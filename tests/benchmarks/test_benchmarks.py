"""How measured numbers are judged, shown and written down. What they are is the business of `make bench`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import benchmarks
import benchmarks.__main__ as command
from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row, describe_machine, format_table, write_results
from benchmarks.timing import compare, seconds_of

ROWS = [
    Row("a ratio", 1.25, "x", 1.3, "medians of 20"),
    Row("a size", 512.4, "kB", 500),
    Row("a time", 0.01234, "ms"),
    Row("a paint", None, "x", 1.5, "No Chromium."),
]


@pytest.fixture
def header() -> dict[str, Any]:
    return {**describe_machine(), "device": "cpu (CPU, 2 cores)", "quick": False}


@pytest.mark.parametrize(
    ("value", "bound", "holds"),
    [
        (1.3, 1.3, True),
        (1.31, 1.3, False),
        (0.0, 0, True),
        (1.0, 0, False),
        (-5.0, 100, True),
        (1.0, None, None),
        (None, 1.3, None),
        (None, None, None),
    ],
)
def test_a_bound_holds_up_to_its_own_value(value: float | None, bound: float | None, holds: bool | None) -> None:
    assert Row("any", value, "x", bound).holds is holds


def test_table_marks_what_does_not_hold_and_what_was_not_measured(header: dict[str, Any]) -> None:
    lines = {line[:7]: line for line in format_table(header, ROWS).splitlines()}
    assert lines["a ratio"].split()[2:] == ["1.25", "x", "1.3", "x", "holds", "medians", "of", "20"]
    assert lines["a size "].split()[2:] == ["512", "kB", "500", "kB", "DOES", "NOT", "HOLD"]
    assert lines["a time "].split()[2:] == ["0.0123", "ms"]
    assert lines["a paint"].split()[2:] == ["-", "1.5", "x", "not", "measured", "No", "Chromium."]


def test_table_says_where_it_was_measured_and_whether_to_trust_it(header: dict[str, Any]) -> None:
    careful, quick = (format_table({**header, "quick": flag}, ROWS) for flag in (False, True))
    for text in (header["date"], header["machine"]["processor"], header["versions"]["torch"], header["device"]):
        assert text in careful
    assert "too few repetitions" in quick
    assert "too few repetitions" not in careful


def test_file_holds_the_header_and_a_row_for_each(header: dict[str, Any], tmp_path: Path) -> None:
    write_results(tmp_path / "results.json", header, ROWS)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    rows = written.pop("rows")
    assert written == header
    assert [row["holds"] for row in rows] == [True, False, None, None]
    assert rows[0] == {
        "name": "a ratio", "value": 1.25, "unit": "x", "bound": 1.3, "holds": True, "note": "medians of 20"
    }  # fmt: skip
    assert (rows[3]["value"], rows[2]["bound"]) == (None, None)


def test_the_machine_is_described_without_importing_torch() -> None:
    machine = call_in_fresh_process(describe_machine)
    assert machine["machine"]["cores"] >= 1
    assert set(machine["versions"]) == {"python", "torch", "torchvision", "streamlit"}
    assert not call_in_fresh_process(_describes_with_torch)


def _describes_with_torch() -> bool:
    import sys

    describe_machine()
    return "torch" in sys.modules


def test_turns_alternate_and_the_first_do_not_count() -> None:
    calls: list[str] = []
    first, second = iter([100.0, 1.0, 2.0, 9.0]), iter([100.0, 5.0, 4.0, 3.0])

    def take(name: str, times: Any) -> float:
        calls.append(name)
        return float(next(times))

    medians = compare(lambda: take("a", first), lambda: take("b", second), repetitions=3, warm_up=1)
    assert medians == (2.0, 4.0)
    assert "".join(calls) == "abababab"


def test_time_is_never_negative() -> None:
    assert seconds_of(lambda: None) >= 0


def test_a_fresh_process_is_another_one_and_hands_errors_over() -> None:
    assert call_in_fresh_process(os.getpid) != os.getpid()
    with pytest.raises(ModuleNotFoundError):
        call_in_fresh_process(benchmarks.measure, "nothing", True)


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Measured at once and in this process: "memory" breaks, every other benchmark gives one row that fails."""

    def call(function: Any, *args: Any) -> Any:
        if args[:1] == ("memory",):
            raise RuntimeError("out of memory")
        return [Row(args[0], 2.0, "x", 1.0)] if args else "cpu"

    monkeypatch.setattr(command, "call_in_fresh_process", call)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    return tmp_path / "results.json"


@pytest.mark.parametrize(
    ("arguments", "status", "names"),
    [
        (["page"], 0, ["page"]),
        (["page", "intake", "--check"], 1, ["page", "intake"]),
        (["memory", "page"], 1, ["page"]),
        ([], 1, [name for name in benchmarks.NAMES if name != "memory"]),
    ],
    ids=["a bound that fails is no failure", "unless checked", "a broken benchmark is one", "all unless named"],
)
def test_exit_status(arguments: list[str], status: int, names: list[str], results: Path) -> None:
    assert command.main(arguments) == status
    assert [row["name"] for row in json.loads(results.read_text(encoding="utf-8"))["rows"]] == names


def test_unknown_benchmarks_are_named(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["speed"])
    assert "speed" in capsys.readouterr().err
    assert not results.exists()
