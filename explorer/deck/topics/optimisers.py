"""Cards on optimisers: momentum, AdaGrad, RMSProp, Adam."""

from __future__ import annotations

from explorer.deck.card import Card

CARDS: tuple[Card, ...] = ()
