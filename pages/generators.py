"""The Generators page, as the address names it; what it shows is in `explorer/ui/generators`."""

from explorer.ui.generators.page import show

show()
