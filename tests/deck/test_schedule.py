from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import fsrs
from hypothesis import given

from explorer.deck.answers import Answer, Log
from explorer.deck.schedule import choose_card, count_due, next_dates, replay
from tests.deck.logs import NOW, logs


def step_by_step(log: Log, card: int) -> fsrs.Card | None:
    """Every answer to one card given to the scheduler, one after the other."""
    scheduler = fsrs.Scheduler(
        parameters=fsrs.Scheduler().parameters,
        desired_retention=0.9,
        learning_steps=[timedelta(minutes=10)],
        enable_fuzzing=False,
    )
    state = None
    for answer in log:
        if answer.card == card:
            rating = fsrs.Rating(max(answer.rating - 1, 1))  # 1 and 2 are both "again", 3 "hard", 4 "good", 5 "easy"
            state, _ = scheduler.review_card(state or fsrs.Card(card), rating, answer.counted)
    return state


@given(logs)
def test_replay_is_the_scheduler_step_by_step(log: Log) -> None:
    states = replay(log)
    assert set(states) == {answer.card for answer in log}
    for card, state in states.items():
        assert state.to_dict() == step_by_step(log, card).to_dict()


@given(logs)
def test_the_next_dates_are_those_that_the_answers_then_bring(log: Log) -> None:
    states = replay(log)
    for card in {answer.card for answer in log[:3]} | {91}:
        dates = next_dates(states.get(card), NOW)
        for rating in (1, 2, 3, 4, 5):
            assert dates[rating] == step_by_step((*log, Answer(NOW, NOW, card, rating, 0)), card).due
        assert dates[1] == dates[2] <= dates[3] <= dates[4] <= dates[5]


def test_first_answers_are_asked_again_after_minutes_or_days() -> None:
    waits = [date - NOW for date in next_dates(None, NOW).values()]
    # Parameters of FSRS-6: a first "good" is stable for 2.3065 days, a first "easy" for 8.2956; "hard" takes the one
    # learning step times 1.5.
    minutes, days = lambda n: timedelta(minutes=n), lambda n: timedelta(days=n)
    assert waits == [minutes(10), minutes(10), minutes(15), days(round(2.3065)), days(round(8.2956))]


def answered(card: int, rating: int, ago: timedelta) -> Answer:
    return Answer(NOW - ago, NOW - ago, card, rating, 1)


def test_what_is_due_for_longest_comes_first_then_what_is_new() -> None:
    hour = timedelta(hours=1)
    # 7 is due for 50 minutes, 8 for 1 h 50 min, 9 in two days.
    states = replay(tuple(sorted((answered(7, 1, hour), answered(8, 1, 2 * hour), answered(9, 4, hour)))))
    assert choose_card(states, [5, 7, 8, 9], NOW) == 8
    assert choose_card(states, [5, 7, 9], NOW) == 7
    assert choose_card(states, [9, 5, 6], NOW) == 5
    assert choose_card(states, [9], NOW) is None
    assert choose_card(states, [9], NOW + timedelta(days=2)) == 9
    assert choose_card({}, [], NOW) is None


def test_days_are_those_of_the_person() -> None:
    # Answered at 12:00 UTC and due two days later, when it is already the next day in Auckland.
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC)
    states = replay((Answer(noon, noon, 7, 4, 1), Answer(noon, noon, 8, 1, 1)))
    now = noon + timedelta(hours=1)
    assert count_due(states, range(1, 80), now, UTC) == {date(2026, 11, 29): 1, date(2026, 12, 1): 1}
    assert count_due(states, [7], now, ZoneInfo("Pacific/Auckland")) == {date(2026, 12, 2): 1}
