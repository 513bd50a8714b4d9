"""What `make load` makes of reactions and memory, by hand; the walk itself is the business of `make load`."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import AsyncMock, MagicMock
from urllib.parse import parse_qs

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.load.crowd import Crowd, Work, find_server, measure_memory
from benchmarks.load.person import ASKED_BEFORE, EMPTY, LAYER, OPENING, Person, Reaction
from benchmarks.load.rows import percentile, rows_of_crowd, rows_of_sessions, rows_of_soak, rows_without_browsers
from benchmarks.load.session import Session
from benchmarks.results import Row
from tests.jobs.working import until


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


def test_sessions_without_browsers_have_rows_of_their_own_and_tell_the_work() -> None:
    met = Crowd(20, (Reaction(LAYER, 0.5, 0.0),), ((0.0, 1380.0),), (), {LAYER: Work(0.1, 5e4)})
    rows = by_name(rows_without_browsers(met))
    assert rows["20 at once, no browser: another layer, processor time"].value == 100
    assert rows["20 at once, no browser: another layer, sent"].value == 50
    assert rows["20 at once, no browser: another layer, 95th percentile"].bound == 2000
    (memory,) = rows_of_sessions([crowd(1, {}, 1000), met], ", no browser")
    assert (memory.name, memory.value) == ("20 at once, no browser: memory of a session beyond the first", 20)


def test_a_session_takes_only_an_answer_to_its_question(tmp_path: Path) -> None:
    """The server plays a recording: a list, the end; then the list again by its hash, and what was asked for."""
    asked: list[BackMsg] = []
    shown, held, other, end, failed = (ForwardMsg() for _ in range(5))
    shown.delta.new_element.selectbox.label, shown.delta.new_element.selectbox.id = "Layer", "list of layers"
    shown.delta.new_element.selectbox.options.append(f"for {Session(7, '', tmp_path, 0).title}")
    shown.hash, shown.metadata.cacheable = "a hash", True
    held.ref_hash = "a hash"
    other.delta.new_element.markdown.body = "of b for another"
    end.script_finished = ForwardMsg.FINISHED_SUCCESSFULLY
    failed.delta.new_element.exception.message = "Out of memory"

    async def play(socket: ServerConnection) -> None:
        for answer in ([shown, end], [held, end], [other, end], [failed]):
            asked.append(BackMsg.FromString(await socket.recv(decode=False)))
            for message in answer:
                await socket.send(message.SerializeToString())

    async def visit() -> Session:
        async with serve(play, "localhost", 0, subprotocols=["streamlit"]) as server:
            port = server.sockets[0].getsockname()[1]
            session = Session(7, f"http://localhost:{port}", tmp_path, 0)
            await session.attempt(session.open_layers())
            await session.attempt(session._choose("Layer", "b", LAYER, f"for {session.title}"))
            for _ in range(2):
                await session.attempt(session._choose("Layer", "b", LAYER, f"of b for {session.title}"))
            await session.close()
            return session

    with ThreadPoolExecutor(1) as pool:
        session = pool.submit(asyncio.run, visit()).result()
    assert [reaction.what for reaction in session.reactions] == [OPENING, LAYER]
    assert session.errors == [
        "ValueError in _choose: No answer says 'of b for session 7.jpg'.",
        "ValueError in _choose: The page says: Out of memory",
    ]
    first, second = (each.rerun_script for each in asked[:2])
    assert parse_qs(first.query_string)["image"][0].startswith("session 7.jpg · ")
    assert [(each.id, each.string_value) for each in second.widget_states.widgets] == [("list of layers", "b")]
    assert second.cached_message_hashes == ["a hash"]
    assert session.received == sum(
        len(message.SerializeToString()) for message in (shown, end, held, end, other, end, failed)
    )


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
    heard["response"](MagicMock(status=304, url="/media/b.png"))  # the browser has it
    heard["response"](MagicMock(status=404, url="/layers/_stcore/health"))  # Streamlit looks for its own root
    heard["response"](MagicMock(status=404, url="/media/a.png"))
    assert person.errors[3:] == ["404 for /media/a.png"]


def test_the_server_is_found_by_its_port_and_its_processes_count() -> None:
    hold = "import sys, subprocess; held = bytearray(60 << 20); {}sys.stdin.read()"
    start = "child = subprocess.Popen([sys.executable, '-c', sys.argv[2]], stdin=0); print('on', flush=True); "
    command = [sys.executable, "-c", hold.format(start), "--server.port=4711", hold.format("print('in', flush=True); ")]
    with (
        subprocess.Popen([sys.executable, "-c", ""]) as ended,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout
        assert {server.stdout.readline(), server.stdout.readline()} == {"on\n", "in\n"}
        until(lambda: psutil.Process(ended.pid).status() == psutil.STATUS_ZOMBIE)  # a child that nobody has waited for
        with pytest.raises(ProcessLookupError):
            find_server("4712")
        found = find_server("4711")
        assert found.pid == server.pid
        assert measure_memory(found) > 60 + psutil.Process(found.pid).memory_info().rss / 2**20
        server.terminate()
