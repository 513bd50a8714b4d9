"""The Transfer learning page, as the address names it; what it shows is in `explorer/ui/transfer`."""

from explorer.ui.transfer.page import show

show()
