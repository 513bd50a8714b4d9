"""All cards by topic, in the order in which they are asked first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from explorer.deck.card import Card
from explorer.deck.topics import (
    channels,
    convolution,
    generators,
    gradients,
    losses,
    networks,
    neurons,
    normalisation,
    optimisers,
    pooling,
    practice,
    sequences,
    transfer,
    words,
)

TOPICS: Final[Mapping[str, tuple[Card, ...]]] = {
    "Neurons": neurons.CARDS,
    "Outputs and losses": losses.CARDS,
    "Gradients": gradients.CARDS,
    "Training in practice": practice.CARDS,
    "Words and attention": words.CARDS,
    "Convolution": convolution.CARDS,
    "Channels and filters": channels.CARDS,
    "Pooling": pooling.CARDS,
    "Whole networks": networks.CARDS,
    "Augmentation and transfer": transfer.CARDS,
    "Generators": generators.CARDS,
    "Optimisers": optimisers.CARDS,
    "Normalisation": normalisation.CARDS,
    "Sequences": sequences.CARDS,
}
"""The cards of each topic, by its title."""

CARDS: Final[Mapping[int, Card]] = {card.id: card for cards in TOPICS.values() for card in cards}
"""Every card by its number."""


def find_card(text: str | None) -> Card | None:
    """The card whose number stands in an address; None where it names none."""
    return CARDS.get(int(text)) if text and text.isdecimal() and len(text) <= 2 else None


def cards_on(page: str) -> list[Card]:
    """The cards whose experiment is on a page, by the name of the page."""
    return [card for card in CARDS.values() if card.experiment.page == page]
