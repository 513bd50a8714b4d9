"""The Pooling page, as the address names it; what it shows is in `explorer/ui/pooling`."""

from explorer.ui.pooling.page import show

show()
