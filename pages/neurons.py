"""The Neurons page, as the address names it; what it shows is in `explorer/ui/neurons`."""

from explorer.ui.neurons.page import show

show()
