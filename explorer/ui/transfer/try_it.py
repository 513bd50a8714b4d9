"""A trained classifier tried at once: on a photo of one's own or the camera's picture, with a bar for each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explorer.images import MAX_BYTES, ImageRejected, read_apart
from explorer.rendering.figures.basic import probability_bars
from explorer.text import as_plain_text
from explorer.transfer.experiment import Experiment
from explorer.ui.components.live_camera import live_camera, sent_frame
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.session.subject import Subject
from explorer.ui.transfer.state import Trained, WeightsOf, choose_trained

_ANSWER = "transfer_camera_answer"  # (digest of the network, number of the frame, shares)
_CAMERA = "transfer_camera"
_MODES = {"photo": "A photo", "camera": "The camera"}
_MOST_BARS = 12


def show_try(subject: Subject, experiments: Sequence[Experiment], weights_of: WeightsOf) -> None:
    """Choose a trained classifier, the best at first, and give it a photo or the camera.

    Args:
        subject: its picture stands until there is another one.
        experiments: of a comparison; unfinished ones are left out.
        weights_of: gives the safetensors file of one of them.
    """
    st.subheader("Try it", anchor=False)
    trained = choose_trained(experiments, weights_of)
    if trained is None:
        return
    mode = choose("With", _MODES, "try_with", "photo")
    if mode == "camera":
        _show_camera(trained)
    else:
        _show_photo(trained, subject)


@st.fragment
def _show_photo(trained: Trained, subject: Subject) -> None:
    file = st.file_uploader(
        "A new photo",
        max_upload_size=MAX_BYTES // 2**20,
        key="try_photo",
        help="It stays on this server, for now only.",
    )
    image, words = subject.picture.intake.image, "The picture of the sidebar"
    if file is not None:
        try:
            image, words = read_apart(file.getvalue()).image, "Your photo"
        except ImageRejected as refused:
            st.error(as_plain_text(str(refused)), icon=":material/block:")
            return
    left, right = st.columns([2, 3], gap="large")
    left.image(image, caption=words, alt=words, width="stretch")
    shares = trained.after.probabilities(image)
    classes = trained.experiment.classes
    first = np.argsort(-shares, kind="stable")[:_MOST_BARS]
    with right:
        figure = probability_bars([classes[place] for place in first], [float(shares[place]) for place in first])
        show_chart(figure, "chart-try")
        st.text(f"It knows only: {', '.join(classes)}. Whatever you show it, it names one of these.")


@st.fragment
def _show_camera(trained: Trained) -> None:
    digest, number, shares = st.session_state.get(_ANSWER, ("", -1, ()))
    live_camera(
        names=trained.experiment.classes,
        shares=shares if digest == trained.digest else (),
        answered=number,
        key=_CAMERA,
        on_frame=lambda: _answer(trained),
    )
    st.caption("Frames are looked at and thrown away.")


def _answer(trained: Trained) -> None:
    frame = sent_frame(_CAMERA)
    if frame is None:
        return
    try:
        shares = tuple(float(each) for each in trained.after.probabilities(read_apart(frame.file).image))
    except ImageRejected:
        shares = ()
    st.session_state[_ANSWER] = (trained.digest, frame.number, shares)
