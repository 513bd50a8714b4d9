"""What the network makes of a picture of the camera, ready for the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explorer.rendering.scaling import find_ranges, to_levels
from explorer.saliency.live import SeenFrame, see_frame
from explorer.text import class_labels
from explorer.ui.components.live_camera import Seen
from explorer.ui.session.subject import Subject

if TYPE_CHECKING:
    from PIL import Image

MOST_BARS = 6
WHOLE = (0.0, 0.0, 1.0, 1.0)


@st.cache_data(max_entries=8, show_spinner=False)
def see_picture(subject: Subject, layer: str, target: int | None) -> SeenFrame:
    """What the network makes of the subject's picture; the arguments are those of `see_frame`."""
    return see_frame(subject.model, subject.input, layer, target)


def see_image(subject: Subject, image: Image.Image, layer: str, target: int | None) -> Seen:
    """The same of a camera's frame, which nothing keeps: no cache, no file."""
    preprocessing = subject.model.preprocessing
    frame = see_frame(subject.model, preprocessing.tensor(image), layer, target)
    left, top, right, bottom = preprocessing.region(*image.size)
    width, height = image.size
    return to_seen(subject, frame, (left / width, top / height, right / width, bottom / height))


def to_seen(subject: Subject, frame: SeenFrame, region: tuple[float, float, float, float] = WHOLE) -> Seen:
    """From numbers to levels, and to the likeliest classes.

    Args:
        subject: whose network has seen it.
        frame: what it has seen.
        region: the part of the picture that it has seen, as shares of its sides.
    """
    labels = class_labels(subject.model.classes)
    likely = [int(place) for place in np.argsort(-frame.probabilities, kind="stable")[:MOST_BARS]]
    peak = float(frame.heatmap.max())
    glow = frame.heatmap / peak if peak > 0 else np.zeros_like(frame.heatmap)
    signed = bool((frame.maps < 0).any())
    # One scale for all maps of a layer: so one sees which of them answer to what is held into the camera.
    ranges = find_ranges(frame.maps, signed=signed, scale="shared")
    return Seen(
        names=[labels[place] for place in likely],
        shares=[float(frame.probabilities[place]) for place in likely],
        region=region,
        glow=np.rint(255 * np.nan_to_num(glow)).astype(np.uint8),
        maps=to_levels(frame.maps, ranges, signed=signed, levels=255),
        signed=signed,
    )
