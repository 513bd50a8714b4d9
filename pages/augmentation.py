"""The Augmentation page, as the address names it; what it shows is in `explorer/ui/augmentation`."""

from explorer.ui.augmentation.page import show

show()
