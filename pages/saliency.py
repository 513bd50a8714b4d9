"""The Saliency page, as the address names it; what it shows is in `explorer/ui/saliency`."""

from explorer.ui.saliency.page import show

show()
