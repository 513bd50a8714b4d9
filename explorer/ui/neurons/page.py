"""The Neurons page: one number forward to the loss, and its blame back to every weight."""

from __future__ import annotations

from explorer.ui.neurons.backward import show_backward
from explorer.ui.neurons.digits import show_digits
from explorer.ui.neurons.one_neuron import show_one_neuron
from explorer.ui.neurons.softmax import show_softmax
from explorer.ui.shared.parts import show_parts

PARTS = {
    "neuron": ("One neuron", show_one_neuron),
    "backward": ("Backward", show_backward),
    "softmax": ("Softmax and losses", show_softmax),
    "digits": ("Digits", show_digits),
}


def show() -> None:
    """The whole page."""
    show_parts(
        "Neurons",
        "A neuron adds up products and a bias, and bends the sum. Its gradient says which weights are to blame.",
        PARTS,
    )
