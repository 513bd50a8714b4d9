"""The Layers page, as the address names it; what it shows is in `explorer/ui/layers`."""

from explorer.ui.layers.page import show

show()
