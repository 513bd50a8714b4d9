"""All cards by topic, in the order in which they are asked first."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from explorer.deck.card import Card, Draw, Experiment
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
    words,
)


def _read(name: str, draws: Mapping[int, Draw]) -> tuple[Card, ...]:
    """The cards of the file of that name, each with what draws its exercise."""
    told = tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))["card"]
    return tuple(
        Card(**{**card, "experiment": Experiment(**card["experiment"])}, draw=draws.get(card["id"])) for card in told
    )


TOPICS: Final[Mapping[str, tuple[Card, ...]]] = {
    "Neurons": _read("neurons", neurons.DRAWS),
    "Outputs and losses": _read("losses", losses.DRAWS),
    "Gradients": _read("gradients", gradients.DRAWS),
    "Training in practice": _read("practice", practice.DRAWS),
    "Words and attention": _read("words", words.DRAWS),
    "Convolution": _read("convolution", convolution.DRAWS),
    "Channels and filters": _read("channels", channels.DRAWS),
    "Pooling": _read("pooling", pooling.DRAWS),
    "Whole networks": _read("networks", networks.DRAWS),
    "Augmentation and transfer": _read("transfer", {}),
    "Generators": _read("generators", generators.DRAWS),
    "Optimisers": _read("optimisers", optimisers.DRAWS),
    "Normalisation": _read("normalisation", normalisation.DRAWS),
    "Sequences": _read("sequences", sequences.DRAWS),
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
