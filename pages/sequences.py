"""The Sequences page, as the address names it; what it shows is in `explorer/ui/sequences`."""

from explorer.ui.sequences.page import show

show()
