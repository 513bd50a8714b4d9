"""The Deck page, as the address names it; what it shows is in `explorer/ui/deck`."""

from explorer.ui.deck.page import show

show()
