import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.deck.answers import (
    MOST_BYTES,
    Answer,
    LogRefused,
    Progress,
    add,
    count_unsaved,
    merge,
    moment,
    read,
    unknown_cards,
    write,
)
from tests.deck.logs import NOW, logs, progresses

EMPTY = {"format": "deck of the CNN and attention explorer", "version": 1, "saved": None, "answers": []}
ROW = [35, 4, "2026-11-28T08:00:00.000Z", 12]


def text(**changes: object) -> str:
    return json.dumps({**EMPTY, **changes})


@given(progresses, progresses)
def test_merging_is_commutative(first: Progress, second: Progress) -> None:
    assert merge(first, second) == merge(second, first)


@given(progresses, progresses, progresses)
def test_merging_is_associative(first: Progress, second: Progress, third: Progress) -> None:
    assert merge(merge(first, second), third) == merge(first, merge(second, third))


@given(progresses, progresses)
def test_merging_once_more_changes_nothing(first: Progress, second: Progress) -> None:
    both = merge(first, second)
    assert merge(first, first) == first
    assert merge(both, first) == merge(both, second) == merge(both, both) == both


@given(logs, logs)
def test_a_union_has_every_answer_of_both_once_the_oldest_first(first, second) -> None:
    both = merge(Progress(first), Progress(second)).log
    assert {(each.card, each.at) for each in both} == {(each.card, each.at) for each in (*first, *second)}
    assert len({(each.card, each.at) for each in both}) == len(both)
    assert [each.counted for each in both] == sorted(each.counted for each in both)


@given(progresses)
def test_what_was_written_is_read(progress: Progress) -> None:
    reading = read(write(progress), NOW)
    assert reading.progress == progress
    assert read(write(progress).encode(), NOW) == reading


def test_answers_of_times_to_come_count_as_given_when_they_were_read_first() -> None:
    ahead = text(answers=[ROW, [36, 3, "2999-01-01T00:00:00.000Z", 5]])
    reading = read(ahead, NOW)
    assert reading.future == 1
    assert [(each.card, each.counted) for each in reading.progress.log] == [
        (35, datetime(2026, 11, 28, 8, tzinfo=UTC)),
        (36, NOW),
    ]
    # Read again later, alone or from what was kept: still one answer, and still of the first time.
    later = NOW + timedelta(days=3)
    again = merge(reading.progress, read(ahead, later).progress)
    assert again == reading.progress
    assert read(write(again), later).progress == reading.progress
    assert read(write(again), later).future == 0
    assert json.loads(write(again))["answers"][1][2:] == ["2999-01-01T00:00:00.000Z", 5, "2026-11-29T08:30:00.250Z"]


def test_times_of_other_zones_are_the_same_times() -> None:
    (answer,) = read(text(answers=[[35, 4, "2026-11-28T10:00:00+02:00", 12]]), NOW).progress.log
    assert answer.at == datetime(2026, 11, 28, 8, tzinfo=UTC)


def test_a_time_of_saving_to_come_is_none() -> None:
    assert read(text(saved="2999-01-01T00:00:00.000Z"), NOW).progress.saved is None
    assert read(text(saved="2026-11-20T00:00:00.000Z"), NOW).progress.saved == datetime(2026, 11, 20, tzinfo=UTC)


def test_answers_to_unknown_cards_are_kept() -> None:
    log = read(text(answers=[ROW, [80, 1, "2026-11-28T08:00:00.000Z", 0]]), NOW).progress.log
    assert [each.card for each in log] == [35, 80]
    assert unknown_cards(log, range(1, 80)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON"),
        ("no", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("9" * 10_000, "not JSON"),
        ("[]", "of this dashboard"),
        ("{}", "of this dashboard"),
        ('{"format": "another"}', "of this dashboard"),
        (text(version=None), "does not say its version"),
        (text(version="1"), "does not say its version"),
        (text(version=True), "does not say its version"),
        (text(version=0), "does not say its version"),
        (text(version=2), "has version 2, which a newer dashboard has written"),
        (text(answers={}), "no list of answers"),
        (text(saved=3), "The time of saving is none"),
        (text(answers=[ROW, "answer"]), "Answer 2 of the file does not have the columns"),
        (text(answers=[ROW[:3]]), "Answer 1 of the file does not have the columns"),
        (text(answers=[["35", *ROW[1:]]]), "names no card"),
        (text(answers=[[0, *ROW[1:]]]), "names no card"),
        (text(answers=[[35, 6, *ROW[2:]]]), "no rating from 1 to 5"),
        (text(answers=[[35, 4.0, *ROW[2:]]]), "no rating from 1 to 5"),
        (text(answers=[[35, True, *ROW[2:]]]), "no rating from 1 to 5"),
        (text(answers=[[35, 4, "yesterday", 12]]), "The time of answer 1 is none"),
        (text(answers=[[35, 4, "2026-11-28T08:00:00", 12]]), "The time of answer 1 is none"),
        (text(answers=[[35, 4, 1.5, 12]]), "The time of answer 1 is none"),
        (text(answers=[[35, 4, "0001-01-01T00:00:00+14:00", 12]]), "The time of answer 1 is none"),
        (text(answers=[[*ROW[:3], -1]]), "took no whole"),
        (text(answers=[[*ROW[:3], 1e308]]), "took no whole"),
        (text(answers=[[*ROW, "later"]]), "The time of answer 1 is none"),
        (text(note="x" * MOST_BYTES), "larger than 1 MB"),
    ],
    ids=range(30),
)
def test_what_cannot_be_read_is_refused_in_one_sentence(content: str | bytes, said: str) -> None:
    with pytest.raises(LogRefused, match=said) as refused:
        read(content, NOW)
    assert str(refused.value).count("\n") == 0
    assert str(refused.value).endswith(".")


@given(logs, st.integers(-400, 400))
def test_an_answer_comes_last_wherever_the_clock_stands(log, days: int) -> None:
    now = NOW + timedelta(days=days)
    more = add(Progress(log), 7, 3, 4.7, now)
    assert more.log[:-1] == log
    assert more.log == tuple(sorted(more.log))
    assert more.log[-1].at == moment(log, now) >= now
    assert (more.log[-1].card, more.log[-1].rating, more.log[-1].seconds) == (7, 3, 4)
    assert merge(more, Progress(log)) == more


def test_seconds_stay_in_reach() -> None:
    assert add(Progress(), 7, 3, -5, NOW).log[0].seconds == 0
    assert add(Progress(), 7, 3, 1e9, NOW).log[0].seconds == 86_400


def test_answers_since_the_last_file_are_counted() -> None:
    times = [NOW - timedelta(days=days) for days in (5, 4, 3, 2)]
    log = tuple(Answer(time, time, 1, 3, 1) for time in times)
    assert count_unsaved(Progress(log)) == 4
    assert count_unsaved(Progress(log, times[1])) == 2
    assert count_unsaved(Progress(log, NOW)) == 0
