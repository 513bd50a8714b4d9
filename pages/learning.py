"""The Learning page, as the address names it; what it shows is in `explorer/ui/learning`."""

from explorer.ui.learning.page import show

show()
