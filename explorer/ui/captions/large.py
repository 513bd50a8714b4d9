"""Large captioners on the Captions page: BLIP and ViT-GPT2, and every head of their cross-attention."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.captioning.large import (
    ExtraMissing,
    LargeCaption,
    LargeCaptioner,
    LargeUnavailable,
    list_large,
    load_large,
)
from explorer.captioning.large_files import INSTALL, LargeNetwork, cached_folder, ensure_large, find_network
from explorer.captioning.snippets import large_snippet
from explorer.text import as_plain_text
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.heads import HeadView, show_heads
from explorer.ui.captions.subject import CaptionSubject
from explorer.ui.kit.choose import choose_one
from explorer.ui.session.opening import image_lines


@st.cache_resource(max_entries=2, show_spinner="Opening the captioner …")
def open_large_captioner(name: str, device: str) -> LargeCaptioner:
    """One large captioner for every session that asks for it; its files are on this machine.

    Raises:
        Whatever `load_large` does.
    """
    return load_large(name, device)


@st.cache_resource(max_entries=16, show_spinner="Looking and writing …")
def compute_large(subject: CaptionSubject, name: str, width: int) -> LargeCaption:
    """What a large captioner says about the picture; shared, so never changed."""
    return open_large_captioner(name, subject.device).describe(subject.picture.intake.image, width)


def show_large(subject: CaptionSubject) -> None:
    """The network, its download where it is needed, and its caption with the attention of every head."""
    st.markdown(
        "Two captioners from research, with many times the weights of ours. Each of their words looks at the photo "
        "through several heads in every layer at once."
    )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    titles = {name: find_network(name).title for name in list_large()}
    network = find_network(choose_one("Large captioner", titles, "large", place=row, width=200))
    width = choose_width(row)
    st.caption(f"{network.about} {network.repository} on huggingface.co.")
    caption = _obtain(subject, network, width)
    if caption is None:
        return
    if not caption.words:
        st.info(f"{network.title} ends its sentence before the first word on this photo.")
        return
    st.subheader(caption.text, anchor=False)
    show_heads(
        subject,
        HeadView(
            title=network.title,
            name=network.name,
            caption=caption,
            elsewhere="the class token",
            snippet=partial(large_snippet, image_lines(subject.picture), network.name, subject.device, width),
            key="large",
        ),
    )


def _obtain(subject: CaptionSubject, network: LargeNetwork, width: int) -> LargeCaption | None:
    """The caption; None where the page says instead why there is none yet."""
    from explorer.device import DeviceUnavailable

    try:
        if cached_folder(network.name) is None and not _download(network):
            return None
        return compute_large(subject, network.name, width)
    except ExtraMissing as missing:
        st.info(str(missing).removesuffix(f": {INSTALL}") + ". Install it, then start the explorer again:")
        st.code(INSTALL, language="shell")
    except (LargeUnavailable, DeviceUnavailable) as problem:
        st.error(as_plain_text(str(problem)), icon=":material/cloud_off:")
    return None


def _download(network: LargeNetwork) -> bool:
    """Offer the download; True once it is done."""
    place = st.empty()
    size = f"about {network.size / 1e6:,.0f} MB"
    button = f"Download ({size})"
    asked = place.container()
    asked.caption(f"{network.title} is not on this machine yet.")
    if not asked.button(button, key="large_download", icon=":material/download:"):
        return False
    bar = place.progress(0.0, f"Asking huggingface.co for {network.title} …")

    def tell(done: int, total: int) -> None:
        share = min(done / total, 1.0) if total else 0.0
        bar.progress(share, f"Downloading {network.title}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")

    try:
        ensure_large(network.name, tell)
    finally:
        place.empty()
    return True
