"""The part "Live": the camera through the network, its classes, a heatmap and the maps of a layer as one moves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from explorer.images import ImageRejected, read_apart
from explorer.rendering import encode_png
from explorer.rendering.overlay import overlay_map
from explorer.saliency import SaliencyImpossible
from explorer.saliency.live import SeenFrame
from explorer.saliency.snippets import live_snippet
from explorer.text import as_plain_text, class_labels, shape_text
from explorer.ui.app import link_to
from explorer.ui.components.live_camera import Seen, View, live_camera, sent_frame
from explorer.ui.kit.choose import choose_one
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.saliency.choices import BEST, choose_layer
from explorer.ui.saliency.compute import compute_photo
from explorer.ui.saliency.live.seeing import see_image, see_picture, to_seen
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.pictures import add_picture
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.shared.recorded import facts_of

SIDE = 160  # pixels of the square that the network sees of a frame, at most
PRIVACY = (
    "Frames go from your browser to this dashboard and nowhere else; they are looked at in memory and thrown away, and "
    "none is written to a disk. A frame that you freeze is kept as your other pictures are."
)
_DRAWN = 320  # of the square that is drawn
_OPACITY = 0.65
_CAMERA = "live_camera"
_ANSWER = "live_answer"  # (number of the frame, what the network makes of it)
_FROZEN = "live_frozen"  # label of the picture that was frozen last, or why there is none
_NEWS = "live_news"  # whether the page has yet to hear of it
_PAGES = {"layers": "Layers", "convolution": "Convolution", "augmentation": "Augmentation", "captions": "Captions"}


def show_live(subject: Subject) -> None:
    """Choose a layer; start the camera; freeze a frame, which is the sidebar's picture then."""
    native = open_network(subject.network, subject.device, subject.weights)
    live = replace(subject, size=native.only_size or min(SIDE, subject.model.preprocessing.size))
    left, right = st.columns([3, 2])
    with left:
        layer = choose_layer(live)
    if layer is None:
        st.info(f"{subject.network} has no layer with maps: there is no heatmap of one to watch.")
        return
    labels = class_labels(subject.model.classes)
    chosen = choose_one("Class", [BEST, *sorted(labels, key=str.casefold)], "class", place=right)
    target = None if chosen == BEST else labels.index(chosen)
    try:
        frame = see_picture(live, layer, target)
    except SaliencyImpossible as problem:
        st.info(as_plain_text(str(problem)), icon=":material/block:")
        return
    still = View(encode_png(compute_photo(live, _DRAWN)), subject.picture.title, to_seen(live, frame))
    _show_camera(live, layer, target, still)
    size, facts = live.model.preprocessing.size, next(each for each in facts_of(live) if each.name == layer)
    st.caption(
        f"Amber: where Grad-CAM of {layer} finds the class, in {size} × {size} pixels of each frame. Beside it are all "
        f"maps of the layer, {shape_text(facts.shape)}, on one scale. One frame is on its way at a time: where the "
        "network is slow, frames are left out, and none waits."
    )
    st.caption(PRIVACY)
    _show_frozen(live)
    offer(
        f"live-{live.file_stem}",
        lambda: _draw(live, frame),
        lambda: arrays_as_npz(probabilities=frame.probabilities, heatmap=frame.heatmap, maps=frame.maps),
        live_snippet(opening_lines(live), layer, target),
        key="offer",
    )


@st.fragment
def _show_camera(subject: Subject, layer: str, target: int | None, still: View) -> None:
    if st.session_state.pop(_NEWS, False):
        st.rerun()  # the sidebar has a new picture
    number, answer = st.session_state.get(_ANSWER, (-1, None))
    live_camera(
        names=answer.names if answer else (),
        shares=answer.shares if answer else (),
        answered=number,
        key=_CAMERA,
        on_frame=lambda: _answer(subject, layer, target),
        view=replace(still, answer=answer),
        on_freeze=_freeze,
    )


def _answer(subject: Subject, layer: str, target: int | None) -> None:
    frame = sent_frame(_CAMERA)
    if frame is None:
        return
    seen: Seen | None = None
    with suppress(ImageRejected, SaliencyImpossible):  # then the browser shows the next one
        seen = see_image(subject, read_apart(frame.file).image, layer, target)
    st.session_state[_ANSWER] = (frame.number, seen)


def _freeze() -> None:
    """Make a frame one of the person's pictures, and the one that all pages look at."""
    frame = sent_frame(_CAMERA, frozen=True)
    st.session_state[_NEWS] = True
    st.session_state[_FROZEN] = "", "The browser sent no frame that can be kept; freeze another one."
    if frame is None:
        return
    try:
        label = add_picture(f"camera-{frame.number}.png", frame.file).label
    except ImageRejected as rejected:
        st.session_state[_FROZEN] = "", str(rejected)
        return
    st.session_state["image"] = label
    st.session_state[_FROZEN] = label, ""


def _show_frozen(subject: Subject) -> None:
    """Where the frozen frame can be looked at, as long as the sidebar has it."""
    label, problem = st.session_state.get(_FROZEN, ("", ""))
    if problem:
        st.error(as_plain_text(problem), icon=":material/block:")
    elif label == subject.picture.label:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**The frozen frame is the sidebar's picture now**, on every page:", width="content")
            for name, title in _PAGES.items():
                link_to(name, title, {"image": label})


def _draw(subject: Subject, frame: SeenFrame) -> bytes:
    return overlay_map(compute_photo(subject, _DRAWN), frame.heatmap, opacity=_OPACITY)
