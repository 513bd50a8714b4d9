"""Every experiment of the Deck opens its page, and what the card says is there stands on it."""

from collections import defaultdict
from collections.abc import Iterator

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from explorer.deck.topics import CARDS
from tests.pages.opening import open_page

# Cards that lead to the same state of a page open it once.
STATES = defaultdict(list)
for _card in CARDS.values():
    STATES[_card.experiment.page, tuple(sorted(_card.experiment.address.items()))].append(_card)


def strings_in(message: Message) -> Iterator[str]:
    """Every text of an element, also what a component is given."""
    for field, value in message.ListFields():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, Message):
                yield from strings_in(each)
            elif isinstance(each, str | bytes):
                yield each if isinstance(each, str) else each.decode(errors="replace")


def texts_of(app: AppTest) -> str:
    messages = (getattr(node, "proto", None) for node in app._tree)
    return "\n".join(text for each in messages if isinstance(each, Message) for text in strings_in(each))


@pytest.mark.parametrize(
    "state", STATES, ids=lambda state: f"{state[0]}-{'-'.join(str(each.id) for each in STATES[state])}"
)
def test_an_experiment_shows_what_its_cards_say(state: tuple[str, tuple[tuple[str, str], ...]]) -> None:
    page, address = state
    app = open_page(page, {**dict(address), "card": str(STATES[state][0].id)})
    assert not app.main.error, [each.value for each in app.main.error]
    shown = texts_of(app)
    assert [card.id for card in STATES[state] if card.experiment.shows not in shown] == []
