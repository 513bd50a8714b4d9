"""The Augmentation page: change the picture, and watch the network change its mind."""

from explorer.ui.augmentation.does_it_help import show_experiment
from explorer.ui.augmentation.effect import show_effect
from explorer.ui.augmentation.mixing import show_mixing
from explorer.ui.augmentation.normalisation import show_normalisation
from explorer.ui.augmentation.one_transform import show_gallery
from explorer.ui.augmentation.pipeline import show_pipeline
from explorer.ui.kit.choose import choose_view
from explorer.ui.session.page import begin_page
from explorer.ui.session.pipeline import open_pipeline
from explorer.ui.session.sidebar import show_sidebar
from explorer.ui.shared.parts import Parts

PARTS: Parts = {
    "pipeline": ("Pipeline", show_pipeline),
    "effect": ("Cause and effect", show_effect),
    "one": ("One transform", show_gallery),
    "mix": ("Mix two pictures", show_mixing),
    "normalise": ("Normalisation", show_normalisation),
    "helps": ("Does it help?", lambda _: show_experiment()),
}


def show() -> None:
    """The whole page."""
    subject = begin_page(
        "Augmentation",
        show_sidebar,
        "Many versions of one picture: see what every step does to it, and what the network makes of them.",
    )
    open_pipeline()
    choose_view(PARTS, "part")(subject)
