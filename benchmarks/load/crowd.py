"""Many people at once on one server: everything they were answered, and what the server's memory came to."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import psutil
from playwright.async_api import async_playwright

from benchmarks.browsing import list_flags
from benchmarks.load.person import ALL_AT_ONCE, ASKED_BEFORE, HEATMAP, LAYER, LAYERS, OPENING, SHARED, Person, Reaction
from benchmarks.load.session import Session
from tests.browser.find_browser import find_browser
from tests.browser.serving import ROOT, WATCH, serve

APP = ROOT / "streamlit_app.py"
SERVED = {"MALLOC_ARENA_MAX": "1"}  # as `make serve` starts it
EMPTY_APP = f"import streamlit as st\n\nst.title(st.selectbox('Layer', {['', *LAYERS]}))\n"
P = TypeVar("P", Person, Session)
WARM_AFTER = 4.0  # seconds after its start: `streamlit_app.REST`
# Chromium lets pages rest that nobody looks at; here each has a person in front of it.
AWAKE = (
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


class Work(NamedTuple):
    """What one answer takes on the mean.

    Attributes:
        seconds: of a processor, on the server.
        sent: bytes over the connection of the session; not the few pictures that the browser fetches by themselves.
    """

    seconds: float
    sent: float


@dataclass(frozen=True)
class Crowd:
    """What so many people met.

    Attributes:
        people: how many.
        reactions: of all of them.
        memory: when it was noted (of `time.monotonic`), and MB (2**20 bytes) of the server with its processes.
        errors: a sentence each; of the server's log too.
        work: what an answer took, by what was asked; where that was noted.
    """

    people: int
    reactions: tuple[Reaction, ...]
    memory: tuple[tuple[float, float], ...]
    errors: tuple[str, ...]
    work: Mapping[str, Work] = field(default_factory=dict)


def meet_empty_app(people: int, rounds: int, pause: float) -> Crowd:
    """So many at an app that does nothing but answer."""

    async def visit(crowd: Sequence[Person], note_memory: Callable[[], None]) -> None:
        await together(crowd, Person.open_empty)
        for _ in range(rounds):
            await together(crowd, Person.walk_empty)
        note_memory()

    with TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY_APP, encoding="utf-8")
        return meet(script, people, pause, visit)


def meet_dashboard(people: int, rounds: int, pause: float) -> Crowd:
    """All open it at once, walk through it, and then ask for the same."""

    async def visit(crowd: Sequence[Person], note_memory: Callable[[], None]) -> None:
        await together(crowd, Person.open_layers)
        for _ in range(rounds):
            await asyncio.gather(*(walk(person) for person in crowd))
        note_memory()
        await together(crowd, Person.return_to_sample)
        await together(crowd, lambda person: person.ask_shared(SHARED[0], ALL_AT_ONCE))
        # Who is alone is the other as well: another layer stands between.
        first, others = crowd[:1], crowd[1:] or crowd
        await together(first, lambda person: person.ask_shared(SHARED[1], ""))
        await together(first, lambda person: person.ask_shared(SHARED[0], ""))
        await in_turn(others, lambda person: person.ask_shared(SHARED[1], ASKED_BEFORE))

    return meet(APP, people, pause, visit)


def soak(people: int, minutes: float, pause: float) -> Crowd:
    """They walk on and on; the memory is noted after everybody's first walk, then every half minute, and at the end."""

    async def visit(crowd: Sequence[Person], note_memory: Callable[[], None]) -> None:
        await together(crowd, Person.open_layers)
        await asyncio.gather(*(walk(person) for person in crowd))
        note_memory()
        end = time.monotonic() + 60 * minutes

        async def walk_on(person: Person) -> None:
            while time.monotonic() < end:
                wrong = len(person.errors)
                await walk(person)
                await asyncio.sleep(len(person.errors) - wrong)  # what fails at once is not asked a thousand times

        async def watch() -> None:
            while (left := end - time.monotonic()) > 0:
                await asyncio.sleep(min(30, left))
                note_memory()

        await asyncio.gather(watch(), *(walk_on(person) for person in crowd))

    return meet(APP, people, pause, visit)


def meet_sessions(people: int, rounds: int, pause: float) -> Crowd:
    """So many sessions without browsers, with pictures of their own: layers, then heatmaps, then the same for all."""
    memory: list[tuple[float, float]] = []
    work: dict[str, Work] = {}
    with (
        TemporaryDirectory() as home,
        TemporaryDirectory() as store,
        serve(APP, Path(home), SERVED | {"EXPLORER_STORE": store}) as address,
    ):
        server = find_server(address.rsplit(":", 1)[-1])
        wait_until_warm(server)
        crowd = [Session(number, address, Path(store), pause) for number in range(people)]

        async def visit() -> None:
            for what, steps in ((OPENING, Session.open_layers), *[(LAYER, Session.walk_layers)] * rounds):
                await note_work(what, together(crowd, steps))
            memory.append((time.monotonic(), measure_memory(server)))
            await together(crowd, Session.turn_to_saliency)
            for _ in range(rounds):
                await note_work(HEATMAP, together(crowd, Session.walk_saliency))
            await together(crowd, Session.return_to_sample)
            await together(crowd, lambda session: session.ask_shared(SHARED[0], ALL_AT_ONCE))
            await note_work(ASKED_BEFORE, in_turn(crowd, lambda session: session.ask_shared(LAYERS[0], ASKED_BEFORE)))
            memory.append((time.monotonic(), measure_memory(server)))
            await together(crowd, Session.close)

        async def note_work(what: str, steps: Awaitable[None]) -> None:
            used, sent, answers = count_seconds(server), *sum_up(crowd)
            await steps
            came = sum_up(crowd)
            if new := came[1] - answers:
                work[what] = Work((count_seconds(server) - used) / new, (came[0] - sent) / new)

        asyncio.run(visit())
        log = (Path(home) / "streamlit.log").read_text(encoding="utf-8", errors="replace")
    return gather(crowd, memory, log, work)


async def walk(person: Person) -> None:
    """Once through the four pages."""
    for steps in (person.walk_layers, person.walk_saliency, person.walk_captions, person.walk_convolution):
        await person.attempt(steps())


async def together(crowd: Sequence[P], steps: Callable[[P], Coroutine[object, object, None]]) -> None:
    """The same for all at the same time; whoever is done waits for the others."""
    await asyncio.gather(*(person.attempt(steps(person)) for person in crowd))


def wait_until_warm(server: psutil.Process) -> None:
    """Until the server has begun to warm up, and rests."""
    began = time.monotonic()
    used = count_seconds(server)
    while True:
        time.sleep(1)
        before, used = used, count_seconds(server)
        if time.monotonic() - began > 2 * WARM_AFTER and used - before < 0.05:
            return


async def in_turn(crowd: Sequence[P], steps: Callable[[P], Coroutine[object, object, None]]) -> None:
    """The same for all, one after the other."""
    for person in crowd:
        await person.attempt(steps(person))


def meet(
    script: Path, people: int, pause: float, visit: Callable[[Sequence[Person], Callable[[], None]], Awaitable[None]]
) -> Crowd:
    """Start a server and a browser with a page for each, and let them visit.

    Raises:
        BrowserMissing: there is no Chromium.
    """
    program = find_browser()
    memory: list[tuple[float, float]] = []
    with TemporaryDirectory() as home, serve(script, Path(home), SERVED) as address:
        server = find_server(address.rsplit(":", 1)[-1])
        if script == APP:
            wait_until_warm(server)

        async def run() -> list[Person]:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=program, args=[*list_flags(), *AWAKE])
                crowd = []
                for number in range(people):
                    context = await browser.new_context(
                        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
                    )
                    await context.add_init_script(WATCH)
                    crowd.append(Person(number, await context.new_page(), address, pause))
                await visit(crowd, lambda: memory.append((time.monotonic(), measure_memory(server))))
                await browser.close()
                return crowd

        crowd = asyncio.run(run())
        log = (Path(home) / "streamlit.log").read_text(encoding="utf-8", errors="replace")
    return gather(crowd, memory, log)


def gather(
    crowd: Sequence[Person | Session], memory: Iterable[tuple[float, float]], log: str, work: Mapping[str, Work] = {}
) -> Crowd:
    """What all of them met, and what the server has written down."""
    reactions = tuple(reaction for person in crowd for reaction in person.reactions)
    wrong = [error for person in crowd for error in person.errors]
    wrong += [f"The server's log: {line}" for line in log.splitlines() if line.startswith("Traceback")]
    return Crowd(len(crowd), reactions, tuple(memory), tuple(wrong), work)


def find_server(port: str) -> psutil.Process:
    """The process of ours that was told to listen on a port.

    Raises:
        ProcessLookupError: none was.
    """
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # one that has ended, which nobody has waited for
            if f"--server.port={port}" in one.cmdline():
                return one
    raise ProcessLookupError(f"No process of ours listens on port {port}.")


def measure_memory(server: psutil.Process) -> float:
    """MB (2**20 bytes) that a process and those it has started hold in memory."""
    held = 0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # one that has ended meanwhile
            held += process.memory_info().rss
    return held / 2**20


def sum_up(crowd: Sequence[Session]) -> tuple[int, int]:
    """Bytes that all of them were sent, and how many answers they had."""
    return sum(session.received for session in crowd), sum(len(session.reactions) for session in crowd)


def count_seconds(process: psutil.Process) -> float:
    """Processor seconds that a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)
