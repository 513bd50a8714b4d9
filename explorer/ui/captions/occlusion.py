"""Which places of the photo each word hangs on, computed once, with progress and a way to stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from explorer.captioning import occlude_words
from explorer.ui.captions.subject import CaptionSubject
from explorer.ui.kit.slow import obtain


def obtain_drops(subject: CaptionSubject, words: tuple[str, ...], place: DeltaGenerator) -> NDArray[np.float32] | None:
    """`occlude_words` of the photo.

    Args:
        subject: the photo and the captioner.
        words: the sentence.
        place: an `st.empty` to show progress in.

    Returns:
        (T, h, w), never to be changed; None where the person has stopped it.
    """
    return obtain(
        ("occlusion", subject, words),
        "Hiding windows",
        "windows",
        lambda tell: occlude_words(subject.captioner, subject.input, words, tell).astype(np.float32),
        place,
        "occlusion",
    )
