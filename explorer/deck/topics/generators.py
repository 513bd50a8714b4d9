"""Cards on networks that make pictures: autoencoders, transposed convolutions, GANs."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
