"""The Learning page's part on scale and batch norm: one view at a time."""

from __future__ import annotations

from explorer.ui.app import link_to
from explorer.ui.kit.choose import choose
from explorer.ui.learning.scale.batch import first_convolution_of
from explorer.ui.learning.scale.light import show_light
from explorer.ui.learning.scale.modes import show_modes
from explorer.ui.learning.scale.numbers import show_numbers
from explorer.ui.learning.scale.running_averages import show_running
from explorer.ui.learning.scale.sharing import show_norms
from explorer.ui.learning.scale.two_columns import show_two_columns
from explorer.ui.session.subject import Subject
from explorer.ui.shared.parts import Parts

VIEWS: Parts = {
    "columns": ("Two columns", lambda subject: show_two_columns()),
    "norms": ("Who shares a mean", show_norms),
    "numbers": ("By hand", lambda subject: show_numbers()),
    "modes": ("Training and evaluation", show_modes),
    "running": ("Running averages", show_running),
    "light": ("Dim and bright", show_light),
}


def show_scale(subject: Subject) -> None:
    """One view at a time."""
    view = choose("What to look at", {key: label for key, (label, _) in VIEWS.items()}, "scale_view", hidden=True)
    VIEWS[view][1](subject)
    if view in ("columns", "light"):
        link_to("augmentation", "What normalisation does to your photo", {"part": "Normalisation"})
    elif view != "numbers" and (norm := first_convolution_of(subject).norm_name):
        link_to("layers", f"The maps behind {norm}", {"layer": norm})
