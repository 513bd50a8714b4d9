"""One question, its answer, the experiment that shows it, and how well the person knew it."""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from explorer.deck.answers import moment
from explorer.deck.card import Card, Drawn
from explorer.deck.schedule import choose_card, next_dates
from explorer.deck.topics import CARDS, TOPICS, cards_on, find_card
from explorer.text import count_text
from explorer.ui.app import page_of
from explorer.ui.deck.dates import write_day, write_wait
from explorer.ui.deck.progress import Kept, now
from explorer.ui.session.page import DECK_ADDRESS

_WORDS: Final = {1: "not at all", 2: "hardly", 3: "with effort", 4: "well", 5: "perfectly"}
_SIDES: Final = (("unknown", "I did not know it", (1, 2)), ("known", "I knew it", (3, 4, 5)))
_SEEDS: Final = 10**6
_ADDRESS: Final = ("card", "seed", "answer")  # parameters of what is asked
_ROUND: Final = "deck_round"  # of the session


@dataclass(frozen=True)
class Asked:
    """What is asked, as the address says it.

    Attributes:
        card: the card.
        seed: of the numbers in its exercise.
        answered: whether the answer is shown.
    """

    card: Card
    seed: int
    answered: bool = False

    def exercise(self) -> Drawn | None:
        """Its exercise; None where the card has none."""
        return self.card.draw(random.Random(self.seed)) if self.card.draw else None


@dataclass
class Round:
    """What has been asked in this session.

    Attributes:
        page: the name of the page whose cards alone are asked; "" for all cards.
        passed: numbers of the cards that do not come again in this round.
        before: what was asked, the last one last.
        since: what is asked now, and since when, in seconds of a clock that is never set.
    """

    page: str
    passed: set[int]
    before: list[Asked]
    since: tuple[Asked, float] | None = None

    def asks(self, asked: Asked) -> bool:
        """Whether it is what is asked now: a key that is held comes again for the question before."""
        return self.since is not None and self.since[0] == replace(asked, answered=False)


def show_question(kept: Kept) -> None:
    """The question that the address names, else what is due, else what is new."""
    current = _round()
    asked = _read_address() or _pick(kept, current)
    if asked is None:
        _say_that_nothing_is_due(kept, current)
        return
    _write_address(asked)
    if not current.asks(asked):
        current.since = replace(asked, answered=False), time.monotonic()
    _show_asked(asked)
    if asked.answered:
        kept.said = f"The answer to card {asked.card.id} stands below its question."
        _show_answer(asked)
        _show_ratings(kept, current, asked)
    else:
        kept.said = f"Card {asked.card.id} is asked."
        _show_buttons(current, asked)


def ask(card: Card) -> None:
    """Put a question about this card into the address."""
    _write_address(_draw(card))


def _round() -> Round:
    """The round of this session; another one where the address asks for the cards of another page."""
    page = st.query_params.get("page", "")
    page = page if cards_on(page) else ""
    current: Round | None = st.session_state.get(_ROUND)
    if current is None or current.page != page:
        current = st.session_state[_ROUND] = Round(page, set(), [])
    return current


def _pick(kept: Kept, current: Round) -> Asked | None:
    """What is due, else what is new; in a round on one page then all of its cards. None where nothing is left."""
    cards = [card.id for card in (cards_on(current.page) if current.page else CARDS.values())]
    left = [number for number in cards if number not in current.passed]
    number = choose_card(kept.states, left, now())
    if number is None and current.page and left:
        number = min(left, key=lambda each: kept.states[each].due)
    elif number is None and not current.page and current.passed:
        current.passed.clear()  # what was put off is asked after all
        number = choose_card(kept.states, cards, now())
    return None if number is None else _draw(CARDS[number])


def _draw(card: Card) -> Asked:
    """The card with other numbers."""
    return Asked(card, secrets.randbelow(_SEEDS))


def _read_address() -> Asked | None:
    card = find_card(st.query_params.get("card"))
    if card is None:
        return None
    seed = st.query_params.get("seed", "")
    if not (seed.isdecimal() and len(seed) < len(str(_SEEDS))):
        return _draw(card)
    return Asked(card, int(seed), st.query_params.get("answer") == "true")


def _write_address(asked: Asked | None) -> None:
    """Another question than before leaves the others' parameters in the address; None: whatever comes next."""
    wanted = {}
    if asked is not None:
        wanted = {"card": str(asked.card.id), "seed": str(asked.seed), **({"answer": "true"} if asked.answered else {})}
    for key in _ADDRESS:
        if key not in wanted and key in st.query_params:
            del st.query_params[key]
        elif key in wanted and st.query_params.get(key) != wanted[key]:
            st.query_params[key] = wanted[key]
    st.session_state[DECK_ADDRESS] = wanted | ({"page": page} if (page := st.query_params.get("page")) else {})


def _show_asked(asked: Asked) -> None:
    card, exercise = asked.card, asked.exercise()
    topic = next(title for title, cards in TOPICS.items() if card in cards)
    with st.container(border=True, key="asked"):
        st.caption(f"Card {card.id} · {topic}")
        with st.container(key="question"):
            st.markdown(card.question)
            if exercise:
                st.markdown(f"*With numbers:* {exercise.question}")


def _show_buttons(current: Round, asked: Asked) -> None:
    """Keys hold the card, so that no button keeps the focus, and the space bar, when another card is asked."""
    row = st.container(horizontal=True, key="asking")
    row.button(
        "Show answer",
        type="primary",
        shortcut="Space",
        on_click=_write_address,
        args=(replace(asked, answered=True),),
        key=f"show-{asked.card.id}-{asked.seed}",
    )
    row.button(
        "Another one",
        shortcut="Right",
        on_click=_go_on,
        args=(current, asked),
        key=f"skip-{asked.card.id}-{asked.seed}",
    )
    _show_way_back(current, asked)


def _show_way_back(current: Round, asked: Asked) -> None:
    if current.before:
        st.button(
            f"Back to card {current.before[-1].card.id}",
            type="tertiary",
            icon=":material/undo:",
            shortcut="Left",
            on_click=_go_back,
            args=(current,),
            key=f"back-{asked.card.id}-{asked.seed}",
        )


def _show_answer(asked: Asked) -> None:
    card, exercise = asked.card, asked.exercise()
    with st.container(key="answer"):
        st.subheader("Answer", anchor=False)
        if exercise:
            st.markdown(f"*With these numbers:* {exercise.answer}")
        st.markdown(card.answer)
    if card.more_exactly:
        with st.container(border=True, key="more-exactly"):
            st.markdown(f"**More exactly:** {card.more_exactly}")
    show_experiment(card)


def show_experiment(card: Card) -> None:
    """The way to the experiment of a card, and what to do there."""
    experiment = card.experiment
    page = page_of(experiment.page)
    with st.container(horizontal=True, vertical_alignment="center", key="experiment"):
        st.page_link(
            page.file,
            label=f"Run it on {page.title}",
            icon=":material/play_arrow:",
            query_params={**experiment.address, "card": str(card.id)},
        )
        st.markdown(experiment.does)


def _show_ratings(kept: Kept, current: Round, asked: Asked) -> None:
    """Five buttons with the date that each would bring, and a line between what was not known and what was."""
    at = moment(kept.progress.log, now())
    dates = next_dates(kept.states.get(asked.card.id), at)
    st.markdown("**How well did you know this?**")
    row = st.container(horizontal=True, key="ratings")
    for key, title, ratings in _SIDES:
        side = row.container(key=key, gap="small")
        side.caption(title)
        cells = side.container(horizontal=True, wrap=False, key=f"{key}-ratings")
        for rating in ratings:
            cell = cells.container(gap=None)
            cell.button(
                f"**{rating}**  \n{_WORDS[rating]}",
                width="stretch",
                shortcut=str(rating),
                wrap=True,
                on_click=_rate,
                args=(kept, current, asked, rating),
                key=f"rate-{rating}-{asked.card.id}-{asked.seed}",
            )
            cell.caption(write_wait(dates[rating], at).replace(", ", "  \n"))
    _show_way_back(current, asked)


def _rate(kept: Kept, current: Round, asked: Asked, rating: int) -> None:
    if current.since and current.asks(asked):
        kept.answer(asked.card.id, rating, time.monotonic() - current.since[1])
        _go_on(current, asked, put_off=bool(current.page))


def _go_on(current: Round, asked: Asked, put_off: bool = True) -> None:
    """To the next question."""
    if not current.asks(asked):
        return
    if put_off:
        current.passed.add(asked.card.id)
    current.before.append(asked)
    current.since = None
    _write_address(None)


def _go_back(current: Round) -> None:
    """To the question before this one."""
    _write_address(current.before.pop())


def _say_that_nothing_is_due(kept: Kept, current: Round) -> None:
    if current.page:
        title = page_of(current.page).title
        count = count_text(len(cards_on(current.page)), "card")
        kept.said = f"These were the {count} of the page {title}."
        st.markdown(f"These were the {count} whose experiment is on {title}.")
        row = st.container(horizontal=True, key="asking")
        row.button("Once more", type="primary", shortcut="Space", on_click=current.passed.clear)
        row.page_link(page_of(current.page).file, label=f"To {title}", icon=":material/arrow_back:")
        return
    number = min(kept.states.keys() & CARDS.keys(), key=lambda each: kept.states[each].due)
    due = kept.states[number].due
    kept.said = "Nothing is due."
    st.markdown(f"**Nothing is due.** All {len(CARDS)} cards have been asked; the next one comes {_write_due(due)}.")
    st.button("Ask it now", type="primary", shortcut="Space", on_click=ask, args=(CARDS[number],))


def _write_due(due: datetime) -> str:
    return write_wait(due, now()) if due - now() < timedelta(days=1) else f"on {write_day(due)}"
