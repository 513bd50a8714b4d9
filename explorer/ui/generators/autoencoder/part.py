"""The Generators page's part on autoencoders: the photo through a few numbers for each of its patches."""

from __future__ import annotations

import streamlit as st

from explorer.generators.autoencoder.patches import PatchesRejected
from explorer.text import as_plain_text
from explorer.ui.generators.autoencoder.controls import choose_size, open_photo
from explorer.ui.generators.autoencoder.noise import show_noise
from explorer.ui.generators.autoencoder.other_photo import show_other_photo
from explorer.ui.generators.autoencoder.squeeze import show_squeeze
from explorer.ui.generators.autoencoder.training import show_training
from explorer.ui.kit.choose import choose_view
from explorer.ui.session.subject import Subject

VIEWS = {
    "squeeze": ("Squeeze", show_squeeze),
    "train": ("Train", show_training),
    "other": ("Other photo", show_other_photo),
    "noise": ("Noise", show_noise),
}


def show_autoencoder(subject: Subject) -> None:
    """One view at a time, of the same photo and the same number of numbers."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    show_view = choose_view(VIEWS, "code_view", place=row)
    size = choose_size(row)
    try:
        photo = open_photo(subject.picture)
    except PatchesRejected as rejected:
        st.info(f"{as_plain_text(subject.picture.title)}: {rejected}", icon=":material/info:")
        return
    show_view(photo, size, row)
