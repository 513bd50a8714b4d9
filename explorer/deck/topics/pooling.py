"""Cards on pooling: windows, arguments, what it saves."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
