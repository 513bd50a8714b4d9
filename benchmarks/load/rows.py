"""What many people's reactions and a server's memory say, in the rows of a table."""

from collections.abc import Sequence
from statistics import median, quantiles

from benchmarks.load.crowd import Crowd
from benchmarks.load.person import (
    ALL_AT_ONCE,
    ASKED_BEFORE,
    CAPTION,
    EMPTY,
    HEATMAP,
    INTAKE,
    LAYER,
    OPENING,
    STRIDE,
    TURN_TO_CONVOLUTION,
    TURN_TO_SALIENCY,
)
from benchmarks.results import Row

ANSWERS = (
    *(INTAKE, LAYER, TURN_TO_SALIENCY, HEATMAP, CAPTION, TURN_TO_CONVOLUTION, STRIDE),
    *(ALL_AT_ONCE, ASKED_BEFORE),
)
CLASS = 20  # people, of whom the bounds speak
P95_BOUNDS = {LAYER: 2000.0, ASKED_BEFORE: 300.0}  # ms, for a class
ALONE_BOUND, AT_ONCE_BOUND = 3000.0, 15_000.0  # ms, of the first opening
SESSION_BOUND = 20.0  # MB
NO_BROWSER = ", no browser"


def seconds_of(crowd: Crowd, what: str) -> list[float]:
    """How long each answer to one kind of question took."""
    return [reaction.seconds for reaction in crowd.reactions if reaction.what == what]


def percentile(times: Sequence[float], share: int) -> float:
    """The time within which `share` percent of the answers came, between neighbours in proportion."""
    return quantiles(times, n=100, method="inclusive")[share - 1] if len(times) > 1 else times[0]


def rows_of_crowd(crowd: Crowd, empty: Crowd) -> list[Row]:
    """Of one number of people: medians, 95th percentiles, and both against the empty app's."""
    return rows_of_answers(crowd, empty, name_crowd(crowd.people))


def rows_without_browsers(crowd: Crowd) -> list[Row]:
    """The same of sessions without browsers, with the processor time of an answer."""
    who = f"{name_crowd(crowd.people)}{NO_BROWSER}"
    rows = rows_of_answers(crowd, Crowd(0, (), (), ()), who)
    for what, work in crowd.work.items():
        rows.append(Row(f"{who}: {what}, processor time", work.seconds * 1000, "ms"))
        rows.append(Row(f"{who}: {what}, sent", work.sent / 1000, "kB"))
    return rows


def rows_of_answers(crowd: Crowd, empty: Crowd, who: str) -> list[Row]:
    """Medians and 95th percentiles of all answers, against the empty app's where there are any."""
    floor, waits = seconds_of(empty, EMPTY), seconds_of(crowd, OPENING)
    bound = {1: ALONE_BOUND, CLASS: AT_ONCE_BOUND}.get(crowd.people)
    rows = [Row(f"{who}: {OPENING}, the last one's", max(waits) * 1000, "ms", bound)] if waits else []
    if waits and (others := seconds_of(empty, OPENING)):
        rows.append(Row(f"{who}: {OPENING}, over an empty app's", max(waits) / max(others), "x"))
    for what in ANSWERS:
        if times := seconds_of(crowd, what):
            note = f"{len(times)} answers"
            bound = P95_BOUNDS.get(what) if crowd.people == CLASS else None
            rows.append(Row(f"{who}: {what}, median", median(times) * 1000, "ms", None, note))
            rows.append(Row(f"{who}: {what}, 95th percentile", percentile(times, 95) * 1000, "ms", bound, note))
            if floor:
                rows.append(Row(f"{who}: {what}, over {EMPTY}, medians", median(times) / median(floor), "x"))
    if floor:
        rows.append(Row(f"{who}: {EMPTY}, median", median(floor) * 1000, "ms", None, f"{len(floor)} answers"))
    rows += [Row(f"{who}: memory", megabytes, "MB") for _, megabytes in crowd.memory[-1:]]
    return [*rows, row_of_errors(crowd, who)]


def rows_of_sessions(crowds: Sequence[Crowd], how: str = "") -> list[Row]:
    """What each session beyond the first one takes, where one was measured alone; `how` they came, for the names."""
    memory = {crowd.people: crowd.memory[-1][1] for crowd in crowds if crowd.memory}
    return [
        Row(
            f"{name_crowd(people)}{how}: memory of a session beyond the first",
            (megabytes - memory[1]) / (people - 1),
            "MB",
            SESSION_BOUND if people == CLASS else None,
        )
        for people, megabytes in memory.items()
        if people > 1 and 1 in memory
    ]


def rows_of_soak(crowd: Crowd, minutes: float) -> list[Row]:
    """Whether answers get slower, or the server grows, while a crowd goes on."""
    who = f"{name_crowd(crowd.people)} for {minutes:g} min"
    (begun, first), (ended, last) = crowd.memory[0], crowd.memory[-1]
    answers = [reaction for reaction in crowd.reactions if reaction.what == LAYER and reaction.when >= begun]
    quarter = (ended - begun) / 4
    early = [reaction.seconds for reaction in answers if reaction.when <= begun + quarter]
    late = [reaction.seconds for reaction in answers if reaction.when >= ended - quarter]
    rows = [
        Row(f"{who}: answers", len(crowd.reactions), ""),
        Row(f"{who}: memory after the first walk", first, "MB"),
        Row(f"{who}: growth until the end", last - first, "MB"),
        Row(f"{who}: most memory", max(megabytes for _, megabytes in crowd.memory), "MB"),
    ]
    for name, times in (("first", early), ("last", late)):
        if times:
            note = f"{len(times)} answers"
            rows.append(
                Row(f"{who}: {LAYER}, 95th percentile, {name} quarter", percentile(times, 95) * 1000, "ms", None, note)
            )
    return [*rows, row_of_errors(crowd, who)]


def row_of_errors(crowd: Crowd, who: str) -> Row:
    """How much went wrong, and the first of it in words."""
    return Row(f"{who}: errors", len(crowd.errors), "", 0, "".join(crowd.errors[:1]))


def name_crowd(people: int) -> str:
    return "alone" if people == 1 else f"{people} at once"
