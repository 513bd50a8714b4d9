"""Cards on neurons: layers, activations, and what a convolution does better."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
