"""Cards on training in practice: rates, scales, dropout."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
