"""What the Captions page looks at: one picture through one captioner on one device, and what was computed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from explorer.captioning import Caption, Captioner, CaptionerBroken, CaptionerUnknown, list_captioners, load_captioner
from explorer.rendering import overlay_map
from explorer.text import as_plain_text
from explorer.ui.captions.scenes import offer_scenes
from explorer.ui.kit.choose import choose_one
from explorer.ui.session.opening import image_lines
from explorer.ui.session.pictures import Picture
from explorer.ui.session.sidebar import choose_device, choose_picture

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.captioning.search import Beams

SIDE = 560  # pixels of the photo's longer side
CAPTIONER_LABELS = {
    "photo-captioner": "Photos, LSTM",
    "photo-transformer": "Photos, Transformer",
    "scene-captioner": "Composed scenes",
}


@dataclass(frozen=True)
class CaptionSubject:
    """A picture, a captioner and a device. Hashable: the key of every cache.

    Attributes:
        picture: what is described.
        name: for `load_captioner`.
        device: for `load_captioner`.
    """

    picture: Picture
    name: str
    device: str = "auto"

    @property
    def captioner(self) -> Captioner:
        """The network."""
        return open_captioner(self.name, self.device)

    @property
    def input(self) -> Tensor:
        """(1, 3, size, size), normalised."""
        return self.captioner.tensor(self.picture.intake.image)

    @property
    def seen(self) -> Tensor:
        """(1, L, D) annotation vectors."""
        return self.captioner.look(self.input)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(size, size, 3) uint8, what the encoder sees."""
        return self.captioner.preprocessing.pixels(self.picture.intake.image)


@st.cache_resource(max_entries=3, show_spinner="Opening the captioner …")
def open_captioner(name: str, device: str) -> Captioner:
    """One captioner for every session that asks for it.

    Raises:
        Whatever `load_captioner` does.
    """
    return load_captioner(name, device)


def show_caption_sidebar() -> CaptionSubject | None:
    """Draw the sidebar of the Captions page: picture, captioner, device.

    Returns:
        What to look at; None where no captioner could be opened (the reason stands in the page).
    """
    from explorer.device import DeviceUnavailable

    names = list(list_captioners())
    if not names:
        st.error("There is no captioner in models/: this checkout is not complete.", icon=":material/cloud_off:")
        return None
    with st.sidebar:
        picture = choose_picture()
        labels = {name: CAPTIONER_LABELS.get(name, name) for name in names}
        name = choose_one("Captioner", labels, "captioner", help="All are ours and work offline.")
        device = choose_device()
    try:
        captioner = open_captioner(name, device)
    except (CaptionerUnknown, CaptionerBroken, DeviceUnavailable) as problem:
        st.error(as_plain_text(str(problem)), icon=":material/cloud_off:")
        return None
    with st.sidebar:
        st.caption(f"{captioner.parameters:,} parameters, {len(captioner.vocabulary):,} words. {captioner.title}")
        offer_scenes(captioner)
    return CaptionSubject(picture, name, device)


@st.cache_data(max_entries=64, show_spinner="Looking and writing …")
def compute_beams(subject: CaptionSubject, width: int) -> Beams:
    """The whole beam search on the picture."""
    return subject.captioner.search(subject.seen, width)


@st.cache_data(max_entries=64, show_spinner="Looking and writing …")
def compute_caption(subject: CaptionSubject, width: int) -> Caption:
    """The best sentence of a beam search."""
    return subject.captioner.follow(subject.seen, [compute_beams(subject, width).best])[0]


@st.cache_data(max_entries=64, show_spinner=False)
def compute_reading(subject: CaptionSubject, words: tuple[str, ...]) -> Caption:
    """The captioner led through these words."""
    return subject.captioner.read(subject.seen, words)


@st.cache_data(max_entries=16, show_spinner=False)
def compute_shown(subject: CaptionSubject, side: int = SIDE) -> NDArray[np.uint8]:
    """(H, W, 3) the photo, its longer side `side` pixels."""
    image = subject.picture.intake.image
    scale = side / max(image.size)
    size = [max(1, round(each * scale)) for each in image.size]
    return np.asarray(image.resize((size[0], size[1]), Image.Resampling.BICUBIC))


def draw_glow(
    subject: CaptionSubject, values: NDArray[np.floating], side: int = SIDE, peak: float | None = None
) -> bytes:
    """A map over the grid, (h, w), as an amber glow over the photo, all of which the encoder sees."""
    return overlay_map(compute_shown(subject, side), values, opacity=0.75, peak=peak)


def captioner_lines(subject: CaptionSubject, look: bool = True) -> list[str]:
    """`captioner` and `image`; to look at it also `x`, the encoder's input, and `a`, the annotation vectors."""
    return [
        "from explorer.captioning import load_captioner",
        f"captioner = load_captioner({subject.name!r}, device={subject.device!r})",
        *image_lines(subject.picture),
        *(["x = captioner.tensor(image)", "a = captioner.look(x)"] if look else []),
    ]
