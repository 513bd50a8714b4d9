"""Cards on recurrent networks: hidden states, memory, both directions."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
