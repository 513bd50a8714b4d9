"""The Pictures page, as the address names it; what it shows is in `explorer/ui/pictures`."""

from explorer.ui.pictures.page import show

show()
