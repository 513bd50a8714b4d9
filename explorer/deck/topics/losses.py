"""Cards on outputs and losses: softmax, one-hot vectors, cross-entropy and its kin."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
