"""The three taggers that are shipped, and their cards."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from explorer.sequences.directions.network import Direction, Tagger
from explorer.zoo.catalogue import MODELS
from explorer.zoo.weights import read_shipped


@cache
def read_tagger_card(direction: Direction) -> dict[str, Any]:
    """What is known of a tagger."""
    card: dict[str, Any] = json.loads((MODELS / f"tagger-{direction}" / "card.json").read_text(encoding="utf-8"))
    return card


@cache
def load_tagger(direction: Direction) -> Tagger:
    """A shipped tagger, on the CPU, in float64, for looking at only.

    Raises:
        WeightsRejected: the file is not the one that the card names.
    """
    _, state = read_shipped(MODELS / f"tagger-{direction}")
    tagger = Tagger(direction)
    tagger.load_state_dict(state)
    return tagger.double().eval().requires_grad_(False)
