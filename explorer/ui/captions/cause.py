"""Change the cause of a caption: hide part of the photo, or lead the attention elsewhere at one word."""

from __future__ import annotations

from explorer.ui.captions.subject import CaptionSubject
from explorer.ui.kit.choose import choose

CAUSES = {"hide": "Hide part of the photo", "move": "Move the attention"}


def show_cause(subject: CaptionSubject) -> None:
    """One of the experiments, each with the old sentence beside the new one."""
    cause = choose("What to change", CAUSES, "cause", "hide")
    if cause == "move":
        from explorer.ui.captions.move_attention import show_moving

        show_moving(subject)
    else:
        from explorer.ui.captions.cover import show_covering

        show_covering(subject)
