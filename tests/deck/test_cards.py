"""All cards together; what each of them states is computed anew in the file of its topic beside this one."""

import importlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from explorer.deck.table import DOCUMENT, write_document
from explorer.deck.topics import CARDS, TOPICS
from explorer.ui.app import PAGES
from tests.deck import checks
from tests.deck.checks import CHECKED, DRAWS_CHECKED, normal_form, numerals, numerals_in_order


@pytest.fixture(scope="module", autouse=True)
def every_check() -> None:
    for file in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"tests.deck.{file.stem}")


def test_numbers_of_cards_are_unique() -> None:
    counted = Counter(card.id for cards in TOPICS.values() for card in cards)
    assert [number for number, count in counted.items() if count > 1] == []


def test_all_79_cards_are_there() -> None:
    assert sorted(CARDS) == list(range(1, 80))


def test_every_card_has_a_check() -> None:
    assert sorted(set(CARDS) - CHECKED) == []
    assert sorted(CHECKED - set(CARDS)) == []


def test_every_exercise_has_a_check() -> None:
    assert {number for number, card in CARDS.items() if card.draw is not None} == DRAWS_CHECKED


def test_at_least_30_cards_have_exercises() -> None:
    assert sum(card.draw is not None for card in CARDS.values()) >= 30


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: str(card.id))
def test_a_card_is_whole(card) -> None:
    assert card.question.strip()
    assert card.answer.strip()
    experiment = card.experiment
    assert experiment.page in {page.name for page in PAGES}
    assert experiment.shows.strip()
    assert experiment.does.endswith(".")
    assert "card" not in experiment.address
    for text in (card.question, card.answer, card.more_exactly):
        assert text.count("$") % 2 == 0, text


def test_numerals_are_found_and_names_are_none() -> None:
    assert numerals_in_order(r"$z = (2, 1, -1)$: 0.705, −0.741 and 1,234 of 93 %") == [
        "2",
        "1",
        "-1",
        "0.705",
        "-0.741",
        "1234",
        "93",
    ]
    assert numerals(r"$0.25^{50} = 8 \cdot 10^{-31}$, $10^{-16}$, 2.2e-22") == {
        "0.25",
        "50",
        "8e-31",
        "1e-16",
        "2.2e-22",
    }
    assert numerals("ResNet-50, `nn.Conv2d`, ReLU6, L1, 3rd, 3-D, $x_3$, $w_{12}$, card 35, cards 36 and 37") == set()
    assert numerals(r"$N - 4$, $N-6$, `Conv2d(3, 16, 5)`, $5 \times 7$, 2{,}304") == {
        "4",
        "6",
        "3",
        "16",
        "5",
        "7",
        "2304",
    }
    assert normal_form(f"{1e-8:.1e}") == "1.0e-8"


def test_a_check_finds_what_a_card_states_and_nobody_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    card = replace(CARDS[35], answer="Half of 7 is 3.5.", more_exactly="")
    monkeypatch.setitem(checks.CARDS, 35, card)

    def recompute(*texts: str) -> Callable[[], set[str]]:
        return lambda: set(texts)

    checks.check(35)(recompute("7", "3.5"))()
    with pytest.raises(AssertionError, match="states what its check has not computed"):
        checks.check(35)(recompute("7", "3.4"))()
    with pytest.raises(AssertionError, match="computed what the card does not state"):
        checks.check(35)(recompute("7", "3.5", "8"))()


def test_the_table_in_the_docs_is_of_these_cards() -> None:
    """Where it is not: `python -m explorer.deck.table`."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == write_document(text)
    assert sum(line.startswith(f"| {number} |") for number in CARDS for line in text.splitlines()) == len(CARDS)
