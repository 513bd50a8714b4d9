"""Cards on gradients: descent, backpropagation, and why they vanish or explode."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
