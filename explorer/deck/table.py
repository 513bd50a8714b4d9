"""The table of all cards in docs/deck.md: `python -m explorer.deck.table` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from explorer.deck.card import Card
from explorer.deck.topics import TOPICS

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "deck.md"
_MARK: Final = "<!-- From here on written by `python -m explorer.deck.table`. -->\n"
_LONGEST: Final = 90  # characters of a question


def write_document(text: str) -> str:
    """The same document with the table of the cards as they are now.

    Args:
        text: of the document; what stands above the mark stays.
    """
    above, mark, _ = text.partition(_MARK)
    rows = [_row(card, topic) for topic, cards in TOPICS.items() for card in cards]
    drawn = sum(card.draw is not None for cards in TOPICS.values() for card in cards)
    count = f"{len(rows)} cards; {drawn} have exercises whose numbers are drawn anew each time.\n"
    head = "| card | topic | question | experiment | numbers |\n|---:|---|---|---|---|\n"
    return f"{above}{mark}\n{count}\n{head}{''.join(rows)}"


def _row(card: Card, topic: str) -> str:
    experiment = card.experiment
    address = f"/{experiment.page}" + (f"?{urlencode(experiment.address)}" if experiment.address else "")
    drawn = "drawn" if card.draw else ""
    return f"| {card.id} | {topic} | {_shorten(card.question)} | `{address}` | {drawn} |\n"


def _shorten(question: str) -> str:
    """The first words of a question, no formula or code cut in two."""
    words = question.replace("|", r"\|").split()
    kept: list[str] = []
    while words and len(" ".join((*kept, words[0]))) <= _LONGEST:
        kept.append(words.pop(0))
    while kept and any(" ".join(kept).count(mark) % 2 for mark in ("$", "`", "**")):
        kept.pop()
    return " ".join(kept) + (" …" if words else "")


if __name__ == "__main__":
    DOCUMENT.write_text(write_document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")
