"""The Home page, as the address names it; what it shows is in `explorer/ui/home.py`."""

from explorer.ui.home import show

show()
