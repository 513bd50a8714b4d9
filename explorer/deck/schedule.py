"""When a card is asked again: the log of answers replayed by FSRS, a model of how people forget.

A card is asked again when the model expects the person to know it with a probability of 0.9. Source: the package
`fsrs` with its own parameters, which Jarrett Ye and others have fitted to many people's answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

import fsrs

from explorer.deck.answers import Log

RATINGS: Final[Mapping[int, fsrs.Rating]] = {
    1: fsrs.Rating.Again,
    2: fsrs.Rating.Again,
    3: fsrs.Rating.Hard,
    4: fsrs.Rating.Good,
    5: fsrs.Rating.Easy,
}
"""What FSRS calls how well the person knew it: "hard" is for what was known with effort, not for what was not."""

_SCHEDULER: Final = fsrs.Scheduler(desired_retention=0.9, learning_steps=(timedelta(minutes=10),), enable_fuzzing=False)


def replay(log: Log) -> dict[int, fsrs.Card]:
    """The state of every card that has been answered, by its number: when it is due, how stable, how difficult."""
    states: dict[int, fsrs.Card] = {}
    for answer in log:
        states[answer.card] = _review(states.get(answer.card), answer.card, answer.rating, answer.counted)
    return states


def next_dates(state: fsrs.Card | None, now: datetime) -> dict[int, datetime]:
    """When a card would be asked again after each of the five ratings, given now.

    Args:
        state: of the card; None for one that has not been answered yet.
        now: UTC, not before the card's last answer.
    """
    return {rating: _review(state, 0, rating, now).due for rating in RATINGS}


def choose_card(states: Mapping[int, fsrs.Card], cards: Iterable[int], now: datetime) -> int | None:
    """What is asked next: the card that is due for longest, else the first that is new, else none."""
    cards = list(cards)
    due = [card for card in cards if card in states and states[card].due <= now]
    if due:
        return min(due, key=lambda card: states[card].due)
    return next((card for card in cards if card not in states), None)


def count_due(states: Mapping[int, fsrs.Card], cards: Iterable[int], now: datetime, zone: tzinfo) -> dict[date, int]:
    """How many cards are due on which day, the first day first.

    Args:
        states: of the cards that have been answered.
        cards: those to count.
        now: UTC; what was due before counts for today.
        zone: where the person's days begin.
    """
    counts: dict[date, int] = {}
    for card in cards:
        if card in states:
            day = max(states[card].due, now).astimezone(zone).date()
            counts[day] = counts.get(day, 0) + 1
    return dict(sorted(counts.items()))


def _review(state: fsrs.Card | None, card: int, rating: int, at: datetime) -> fsrs.Card:
    state = fsrs.Card(card_id=card, due=at) if state is None else state
    return _SCHEDULER.review_card(state, RATINGS[rating], at)[0]
