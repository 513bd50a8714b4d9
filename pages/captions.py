"""The Captions page, as the address names it; what it shows is in `explorer/ui/captions`."""

from explorer.ui.captions.page import show

show()
