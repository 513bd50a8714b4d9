"""The Filters page, as the address names it; what it shows is in `explorer/ui/filters`."""

from explorer.ui.filters.page import show

show()
