"""The Augmentation page: change the picture, and watch the network change its mind."""

from explorer.ui.augmentation.does_it_help import show_experiment
from explorer.ui.augmentation.effect import show_effect
from explorer.ui.augmentation.mixing import show_mixing
from explorer.ui.augmentation.normalisation import show_normalisation
from explorer.ui.augmentation.one_transform import show_gallery
from explorer.ui.augmentation.pipeline import show_pipeline
from explorer.ui.kit.choose import choose_part
from explorer.ui.session.page import begin_page
from explorer.ui.session.pipeline import open_pipeline
from explorer.ui.session.sidebar import show_sidebar

PART_LABELS = {
    "pipeline": "Pipeline",
    "effect": "Cause and effect",
    "one": "One transform",
    "mix": "Mix two pictures",
    "normalise": "Normalisation",
    "helps": "Does it help?",
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Augmentation",
        show_sidebar,
        "Many versions of one picture: see what every step does to it, and what the network makes of them.",
    )
    open_pipeline()
    part = choose_part(PART_LABELS)
    # One part at a time: what is not looked at is not computed.
    if part == "helps":
        show_experiment()
        return
    {
        "pipeline": show_pipeline,
        "effect": show_effect,
        "one": show_gallery,
        "mix": show_mixing,
        "normalise": show_normalisation,
    }[part](subject)
