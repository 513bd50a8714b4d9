"""What `make load` makes of reactions and memory, by hand; the walk itself is the business of `make load`."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import AsyncMock, MagicMock

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from benchmarks.load.crowd import Crowd, find_server, measure_memory
from benchmarks.load.person import ASKED_BEFORE, EMPTY, LAYER, OPENING, Person, Reaction
from benchmarks.load.rows import percentile, rows_of_crowd, rows_of_sessions, rows_of_soak
from benchmarks.results import Row


def crowd(people: int, times: dict[str, list[float]], megabytes: float, errors: tuple[str, ...] = ()) -> Crowd:
    reactions = tuple(Reaction(what, seconds, 0.0) for what, listed in times.items() for seconds in listed)
    return Crowd(people, reactions, ((0.0, megabytes),), errors)


def by_name(rows: list[Row]) -> dict[str, Row]:
    found = {row.name: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_class_is_held_against_its_bounds_and_the_empty_app() -> None:
    ours = crowd(20, {OPENING: [9.0, 16.0], LAYER: [0.5, 1.0, 1.5], ASKED_BEFORE: [0.2] * 4}, 1500)
    theirs = crowd(20, {OPENING: [2.0, 4.0], EMPTY: [0.25]}, 90)
    rows = by_name(rows_of_crowd(ours, theirs))
    opening = rows["20 at once: first opening, the last one's"]
    assert (opening.value, opening.bound, opening.holds) == (16_000, 15_000, False)
    assert rows["20 at once: first opening, over an empty app's"].value == 4
    assert rows["20 at once: another layer, median"].value == 1000
    slow = rows["20 at once: another layer, 95th percentile"]
    assert (slow.value, slow.bound) == (pytest.approx(1450), 2000)  # nine tenths of the way from 1.0 to 1.5
    assert rows["20 at once: another layer, over an empty app's answer, medians"].value == 4
    assert rows["20 at once: a layer that someone has just asked for, 95th percentile"].holds is True
    assert rows["20 at once: memory"].value == 1500
    assert rows["20 at once: errors"].holds is True
    assert not any("heatmap" in name for name in rows)  # what nobody was answered has no figure


def test_who_is_alone_has_another_bound_and_one_answer_is_a_percentile() -> None:
    rows = by_name(rows_of_crowd(crowd(1, {OPENING: [2.5], LAYER: [7.0]}, 1000, ("No.",)), crowd(1, {}, 80)))
    assert rows["alone: first opening, the last one's"].holds is True
    assert (rows["alone: another layer, 95th percentile"].value, rows["alone: another layer, median"].bound) == (
        7000,
        None,
    )
    errors = rows["alone: errors"]
    assert (errors.value, errors.holds, errors.note) == (1, False, "No.")
    assert not any(" over " in name for name in rows)


@pytest.mark.parametrize(("share", "value"), [(50, 50.0), (95, 95.0), (1, 1.0), (99, 99.0)])
def test_percentiles_of_a_hundred_and_one_equal_steps(share: int, value: float) -> None:
    assert percentile([float(step) for step in range(101)], share) == pytest.approx(value)


def test_a_session_is_what_the_others_add_to_one_alone() -> None:
    rows = rows_of_sessions([crowd(20, {}, 1380), crowd(1, {}, 1000), crowd(30, {}, 1580)])
    assert [(row.value, row.bound) for row in rows] == [(20, 20), (20, None)]
    assert rows_of_sessions([crowd(20, {}, 1380)]) == []


def test_a_soak_tells_growth_and_whether_answers_slow_down() -> None:
    answers = tuple(Reaction(LAYER, 1.0 if when < 150 else 3.0, float(when)) for when in range(90, 200, 10))
    memory = ((100.0, 1000.0), (150.0, 1300.0), (200.0, 1100.0))
    rows = by_name(rows_of_soak(Crowd(8, answers, memory, ()), 2))
    assert rows["8 at once for 2 min: growth until the end"].value == 100
    assert rows["8 at once for 2 min: most memory"].value == 1300
    assert rows["8 at once for 2 min: errors"].holds is True
    first, last = (
        rows[f"8 at once for 2 min: another layer, 95th percentile, {which} quarter"] for which in ("first", "last")
    )
    assert (first.value, first.note) == (1000, "3 answers")  # of 100, 110 and 120; 90 was before
    assert (last.value, last.note) == (3000, "2 answers")  # of 180 and 190


def test_whatever_goes_wrong_is_kept_and_the_person_goes_on() -> None:
    page = MagicMock()
    page.locator.return_value.all_inner_texts = AsyncMock(return_value=["Out of memory"])
    person = Person(0, page, "http://localhost", 0)

    async def fail() -> None:
        raise PlaywrightError("no grid\n  for 300 s")

    async def pass_by() -> None:
        return None

    async def both() -> None:
        await person.attempt(fail())
        await person.attempt(pass_by())

    with ThreadPoolExecutor(1) as pool:  # in this thread Playwright may have a loop of its own
        pool.submit(asyncio.run, both()).result()
    assert person.errors == ["Error in fail: no grid for 300 s", "The page says: Out of memory"]
    heard = dict(call.args for call in page.on.call_args_list)
    heard["websocket"](None)
    assert len(person.errors) == 2
    heard["websocket"](None)
    assert person.errors[-1] == "The connection was lost, and made anew."


def test_the_server_is_found_by_its_port_and_its_processes_count() -> None:
    hold = "import sys, subprocess; held = bytearray(60 << 20); {}sys.stdin.read()"
    start = "child = subprocess.Popen([sys.executable, '-c', sys.argv[2]], stdin=0); print('on', flush=True); "
    command = [sys.executable, "-c", hold.format(start), "--server.port=4711", hold.format("print('in', flush=True); ")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert {server.stdout.readline(), server.stdout.readline()} == {"on\n", "in\n"}
        found = find_server("4711")
        assert found.pid == server.pid
        assert measure_memory(found) > 60 + psutil.Process(found.pid).memory_info().rss / 2**20
        server.terminate()
