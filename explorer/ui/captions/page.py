"""The Captions page: a sentence about the photo, and where the network looked before every word."""

from importlib import import_module

from explorer.ui.captions.subject import CaptionSubject, show_caption_sidebar
from explorer.ui.kit.choose import choose, choose_part
from explorer.ui.session.page import begin_page

PART_LABELS = {
    "caption": "Caption",
    "beams": "Other sentences",
    "write": "Write your own",
    "cause": "Change the cause",
    "honest": "Believe it?",
    "inside": "Inside the decoder",
    "grid": "All your pictures",
    "large": "Large captioners",
}
CAUSES = {"hide": "Hide part of the photo", "move": "Move the attention"}
# Where each is shown: one at a time, and what is not looked at is neither imported nor computed.
_SHOWN = {
    "caption": ("caption", "show_watching"),
    "beams": ("beam_search", "show_beams"),
    "write": ("own_sentence", "show_writing"),
    "hide": ("cover", "show_covering"),
    "move": ("move_attention", "show_moving"),
    "honest": ("attention_control", "show_attention_control"),
    "inside": ("decoder", "show_inside"),
    "grid": ("several", "show_grid"),
    "large": ("large", "show_large"),
}


def say_notice(subject: CaptionSubject) -> str:
    """How a caption comes about, and what this captioner has learned from."""
    return f"One word at a time, and a new look at the photo before each. {subject.captioner.card.get('knows', '')}"


def show() -> None:
    """The whole page."""
    subject = begin_page("Captions", show_caption_sidebar, say_notice)
    part = choose_part(PART_LABELS)
    module, name = _SHOWN[choose("What to change", CAUSES, "cause") if part == "cause" else part]
    getattr(import_module(f"explorer.ui.captions.{module}"), name)(subject)
