"""The two networks for dates that are shipped, and their cards."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from explorer.sequences.attention.network import DateNetwork
from explorer.zoo.catalogue import MODELS
from explorer.zoo.weights import read_shipped

NAMES: Final = {True: "dates-attention", False: "dates-plain"}


@cache
def read_date_card(attends: bool) -> dict[str, Any]:
    """What is known of the network with or without attention."""
    card: dict[str, Any] = json.loads((MODELS / NAMES[attends] / "card.json").read_text(encoding="utf-8"))
    return card


def load_date_network(attends: bool) -> DateNetwork:
    """The shipped network with or without attention, on the CPU, for looking at only.

    Raises:
        WeightsRejected: the file is not the one that the card names.
    """
    _, state = read_shipped(MODELS / NAMES[attends])
    network = DateNetwork(attends)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)
