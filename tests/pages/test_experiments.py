"""Every experiment of the Deck opens its page, and what the card says is there stands on it."""

from collections import defaultdict

import pytest

from explorer.deck.topics import CARDS
from tests.pages.opening import everything_in, open_page

# Cards that lead to the same state of a page open it once.
STATES = defaultdict(list)
for _card in CARDS.values():
    STATES[_card.experiment.page, tuple(sorted(_card.experiment.address.items()))].append(_card)


@pytest.mark.parametrize(
    "state", STATES, ids=lambda state: f"{state[0]}-{'-'.join(str(each.id) for each in STATES[state])}"
)
def test_an_experiment_shows_what_its_cards_say(state: tuple[str, tuple[tuple[str, str], ...]]) -> None:
    page, address = state
    app = open_page(page, {**dict(address), "card": str(STATES[state][0].id)})
    assert not app.main.error, [each.value for each in app.main.error]
    shown = everything_in(app)
    assert [card.id for card in STATES[state] if card.experiment.shows not in shown] == []
