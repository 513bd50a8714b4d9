"""Large captioners on the Captions page: BLIP and ViT-GPT2, and every head of their cross-attention."""

from __future__ import annotations

from collections.abc import Callable
from math import log2
from typing import Any

import numpy as np
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
from explorer.ui.caption_choices import choose_width, choose_word
from explorer.ui.caption_heads import head_heatmap
from explorer.ui.caption_pictures import SIDE, compute_shown, draw_glow
from explorer.ui.caption_subject import HASH, CaptionSubject
from explorer.ui.downloads import arrays_as_npz, offer
from explorer.ui.sidebar import keep_valid
from explorer.ui.wording import significant

ALL = -1  # of the choosers: the mean of all layers or heads


@st.cache_resource(max_entries=2, show_spinner="Opening the captioner …")
def open_large_captioner(name: str, device: str) -> LargeCaptioner:
    """One large captioner for every session that asks for it; its files are on this machine.

    Raises:
        Whatever `load_large` does.
    """
    return load_large(name, device)


@st.cache_resource(max_entries=16, show_spinner="Looking and writing …", hash_funcs=HASH)
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
    names = list(list_large())
    keep_valid("large", names, names[0])
    name: str = row.selectbox(
        "Large captioner",
        names,
        format_func=lambda each: find_network(each).title,
        key="large",
        bind="query-params",
        width=200,
    )
    width = choose_width(row)
    network = find_network(name)
    st.caption(f"{network.about} {network.repository} on huggingface.co.")
    caption = _obtain(subject, network, width)
    if caption is None:
        return
    if not caption.words:
        st.info(f"{network.title} ends its sentence before the first word on this photo.")
        return
    st.subheader(caption.text, anchor=False)
    _show_attention(subject, network, caption, width)


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
        st.error(str(problem), icon=":material/cloud_off:")
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


def _show_attention(subject: CaptionSubject, network: LargeNetwork, caption: LargeCaption, width: int) -> None:
    """A word's map over the photo, by layer and head, beside the entropy of all heads."""
    layers, heads = caption.class_share.shape[1:]
    word = choose_word(caption.words, "Word", "large_word")
    row = st.container(horizontal=True, vertical_alignment="bottom")
    layer = _choose(row, "Layer", "large_layer", layers, "mean of all layers")
    head = _choose(row, "Head", "large_head", heads, "mean of all heads")
    values = caption.map_of(word, layer, head)
    share = _mean_of(caption.class_share[word], layer, head)
    said = caption.words[word]
    voice = say_voice(layer, head)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.image(
            draw_glow(subject, values),
            alt=f"Where {network.title} looked on {subject.picture.title} before “{said}”, {voice}",
            width="stretch",
        )
        chance = float(np.exp(caption.log_probabilities[word]))
        st.markdown(f"Where it looked before **{_plain(said)}** ({chance:.1%} likely): {voice}")
        first, last = caption.spans[word]
        pieces = " ".join(caption.tokens[first:last])
        st.caption(
            f"Bright amber is where most attention goes. {share:.1%} of it goes to the class token, which has no place "
            "on the photo." + (f" The mean over {last - first} tokens, {_plain(pieces)}." if last - first > 1 else "")
        )
    with right:
        bits = caption.entropy[word]
        rows, columns = caption.attention.shape[3:]
        st.plotly_chart(
            head_heatmap(bits, log2(rows * columns), layer, head), config={"displayModeBar": False, "responsive": True}
        )
        closest = np.unravel_index(int(np.nanargmin(bits)), bits.shape)
        st.caption(
            f"Entropy says how widely a head looks: {log2(rows * columns):.2f} bits is all {rows} × {columns} patches "
            f"alike, 0 a single one. Layer {closest[0]}, head {closest[1]} looks most closely before this word "
            f"({significant(float(bits[closest]))} bits)."
        )
    offer(
        f"caption-{network.name}-{word}",
        lambda: draw_glow(subject, values),
        lambda: arrays_as_npz(
            map=values,
            attention=caption.attention,
            class_share=caption.class_share,
            entropy=caption.entropy.astype(np.float32),
            log_probabilities=caption.log_probabilities,
            token_log_probabilities=caption.token_log_probabilities,
            spans=np.array(caption.spans),
            words=np.array(caption.words),
            tokens=np.array(caption.tokens),
            photo=compute_shown(subject, SIDE),
        ),
        large_snippet(subject, network, width, word, layer, head),
        key="large-offer",
    )


def _choose(row: Any, label: str, key: str, count: int, mean: str) -> int | None:
    """A layer or a head by number; None for the mean of all."""
    options = [ALL, *range(count)]
    keep_valid(key, options, ALL)
    named: Callable[[int], str] = lambda each: mean if each == ALL else f"{label} {each}"  # noqa: E731
    chosen: int = row.selectbox(label, options, format_func=named, key=key, bind="query-params", width=200)
    return None if chosen == ALL else chosen


def _mean_of(values: np.ndarray, layer: int | None, head: int | None) -> float:
    chosen = values if layer is None else values[layer : layer + 1]
    return float(chosen.mean() if head is None else chosen[:, head].mean())


def say_voice(layer: int | None, head: int | None) -> str:
    """Whose attention a map is."""
    who = "the mean of all heads" if head is None else f"head {head}"
    return f"{who} in the mean of all layers" if layer is None else f"{who} of layer {layer}"


def _plain(text: str) -> str:
    """A network's word as text, with what Markdown would take for its own made harmless."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$:~" else sign for sign in text)


def large_snippet(
    subject: CaptionSubject, network: LargeNetwork, width: int, word: int, layer: int | None, head: int | None
) -> str:
    """Python that gives the caption and the map on the page."""
    sample = subject.picture.sample
    data = f"read_sample({sample!r})" if sample else f"Path({subject.picture.title!r}).read_bytes()"
    lines = [
        f"# {INSTALL}",
        *([] if sample else ["from pathlib import Path", ""]),
        "from explorer.captioning.large import load_large",
        "from explorer.images import open_image",
        *(["from explorer.samples import read_sample"] if sample else []),
        "",
        f"captioner = load_large({network.name!r}, device={subject.device!r})",
        f"caption = captioner.describe(open_image({data}), beam_size={width})",
        f"values = caption.map_of({word}, layer={layer}, head={head})  # (h, w)",
        "print(caption.text, caption.log_probability)",
        f"print(caption.words[{word}], values.max(), caption.entropy[{word}].min())",
    ]
    return "\n".join(lines) + "\n"
