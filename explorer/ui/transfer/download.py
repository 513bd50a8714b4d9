"""The part of the Transfer page from which a trained network is taken home, or into the other pages."""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.text import as_plain_text, count_text
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Experiment
from explorer.transfer.exporting import describe, make_files
from explorer.transfer.snippets import onnx_snippet, use_snippet
from explorer.ui.kit.export import download
from explorer.ui.session.trained_weights import is_used, use_trained
from explorer.ui.transfer.state import Trained

_ONNX = "transfer_onnx"  # the network whose ONNX file this session has asked for


def show_downloads(trained: Trained, pictures: PictureSet) -> None:
    """Open a network elsewhere, or download it with all that belongs to it; `pictures` are what it was trained on."""
    _say(trained.experiment)
    _offer_pages(trained, pictures.title)
    _offer_network(trained, pictures.title)
    _offer_training(trained, pictures)


def _say(experiment: Experiment) -> None:
    right = f"{int(experiment.right.sum()):,} of {count_text(experiment.test, 'test picture')}"
    st.markdown(
        f"`{experiment.trial.network}` classifies {right} correctly, "
        f"**{100 * experiment.accuracy:.1f} %**; {count_text(experiment.parameters, 'parameter')}."
    )


def _offer_pages(trained: Trained, title: str) -> None:
    used = is_used(trained.trial.network, trained.digest)
    st.button(
        "Open in the other pages",
        key="open_elsewhere",
        type="primary",
        icon=":material/open_in_new:",
        disabled=used,
        on_click=use_trained,
        args=(trained.trial.network, describe(trained.experiment, title), trained.weights),
        help="Layers, filters, saliency and all other pages then look through this network, with your classes.",
    )
    if used:
        st.success("Every page now looks through this network; the sidebar says so.", icon=":material/check:")


def _offer_network(trained: Trained, title: str) -> None:
    from explorer.transfer.exporting import file_stem

    stem = file_stem(trained.experiment)
    st.subheader("The network", anchor=False)
    row = st.container(horizontal=True)
    files = partial(make_files, trained.experiment, trained.after, trained.weights, title)
    said = "The sidebar's Own weights opens this file on every page, now or later; its card is in its metadata too."
    download(row, "Weights (safetensors)", lambda: files()[0], f"{stem}.safetensors", "take-weights", help=said)
    said = "What it was trained on and how, what it classified correctly, and what must be done to a picture before."
    download(row, "Card (JSON)", lambda: files()[1], f"{stem}.card.json", "take-card", help=said)
    _offer_onnx(trained, stem, row)
    with st.expander("Use it in Python", icon=":material/code:"):
        st.code(use_snippet(trained.trial.network, stem), language="python")
        st.caption("The ONNX file, without PyTorch and without this library:")
        st.code(onnx_snippet(trained.after.preprocessing, stem), language="python")


def _offer_onnx(trained: Trained, stem: str, row: st.delta_generator.DeltaGenerator) -> None:
    """The exporter takes many seconds, so the file is written when it is asked for, and then offered."""
    from explorer.transfer.onnx_file import ExportFailed

    place = row.empty()
    asked = place.button(
        "Write ONNX",
        key="write-onnx",
        icon=":material/construction:",
        help="For other programs: pixels between 0 and 1 in, logits out, for any number of pictures at a time. "
        "It takes half a minute.",
    )
    if asked:
        st.session_state[_ONNX] = trained.digest
    if st.session_state.get(_ONNX) != trained.digest:
        return
    try:
        with st.spinner("Writing the ONNX file …", show_time=True):
            data = make_onnx(trained.trial.network, trained.digest, trained.weights)
    except ExportFailed as failed:
        st.error(as_plain_text(str(failed)), icon=":material/block:")
        return
    download(place, "ONNX", data, f"{stem}.onnx", "take-onnx")


@st.cache_data(max_entries=4, show_spinner=False)
def make_onnx(network: str, digest: str, _weights: bytes) -> bytes:
    """The ONNX file, written in a process of its own.

    Raises:
        ExportFailed: it cannot be.
    """
    from explorer.transfer.onnx_file import onnx_in_a_process

    return onnx_in_a_process(network, _weights)


def _offer_training(trained: Trained, pictures: PictureSet) -> None:
    from explorer.transfer.script import as_script

    script = as_script(trained.trial)
    st.subheader("The training", anchor=False)
    st.caption("The script trains the same network again, from the pictures in the ZIP, and prints its accuracy.")
    row = st.container(horizontal=True)
    download(row, "Script (Python)", script, "train.py", "take-script")
    download(row, "Pictures (ZIP)", pictures.to_zip, "pictures.zip", "take-pictures")
    with st.expander("The script", icon=":material/code:"):
        st.code(script, language="python")
