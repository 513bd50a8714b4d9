"""The Convolution page, as the address names it; what it shows is in `explorer/ui/convolution`."""

from explorer.ui.convolution.page import show

show()
