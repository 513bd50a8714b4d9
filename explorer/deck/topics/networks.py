"""Cards on convolutional networks from end to end."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
