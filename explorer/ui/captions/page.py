"""The Captions page: a sentence about the photo, and where the network looked before every word."""

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


def say_notice(subject: CaptionSubject) -> str:
    """How a caption comes about, and what this captioner has learned from."""
    return f"One word at a time, and a new look at the photo before each. {subject.captioner.card.get('knows', '')}"


def show() -> None:
    """The whole page."""
    subject = begin_page("Captions", show_caption_sidebar, say_notice)
    part = choose_part(PART_LABELS)
    # One part at a time: what is not looked at is neither imported nor computed.
    if part == "beams":
        from explorer.ui.captions.beam_search import show_beams

        show_beams(subject)
    elif part == "write":
        from explorer.ui.captions.own_sentence import show_writing

        show_writing(subject)
    elif part == "cause":
        show_cause(subject)
    elif part == "honest":
        from explorer.ui.captions.attention_control import show_attention_control

        show_attention_control(subject)
    elif part == "inside":
        from explorer.ui.captions.decoder import show_inside

        show_inside(subject)
    elif part == "grid":
        from explorer.ui.captions.several import show_grid

        show_grid(subject)
    elif part == "large":
        from explorer.ui.captions.large import show_large

        show_large(subject)
    else:
        from explorer.ui.captions.caption import show_watching

        show_watching(subject)


def show_cause(subject: CaptionSubject) -> None:
    """One of the experiments, each with the old sentence beside the new one."""
    if choose("What to change", CAUSES, "cause") == "move":
        from explorer.ui.captions.move_attention import show_moving

        show_moving(subject)
    else:
        from explorer.ui.captions.cover import show_covering

        show_covering(subject)
