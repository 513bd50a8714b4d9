"""A person's own weights: a file, or trained here; named in the address, so that a reloaded page has them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import streamlit as st

from explorer.text import as_plain_text
from explorer.ui.session.quantities import release
from explorer.ui.session.subject import DIGITS, drop_weights, find_weights, keep_weights, recall_weights
from explorer.ui.session.trained_weights import choose_trained, is_kept, leave_trained

if TYPE_CHECKING:
    from explorer.zoo import WeightsRejected, WeightsWrapped

MAX_WEIGHTS_MB = 600  # the largest network of the zoo that one opens for fun, VGG-19, has 548
WEIGHTS: Final = "weights"  # of the address: the first digits of the file's sha256
_DIGESTS: Final = "weights_digests"  # by the id of the uploaded file; "" for one that was left out
_IN_USE: Final = "weights_in_use"  # what the address names, for pages that are come to by a link without it
_REFUSED: Final = "weights_refused"  # why, by digest


def choose_own_weights(name: str) -> str:
    """The sidebar's box of own weights.

    Args:
        name: of the network that is chosen.

    Returns:
        The digest of the weights to look through, which the server may have no longer; "" for the network's own.
    """
    trained = choose_trained(name)
    digests: dict[str, str] = st.session_state.setdefault(_DIGESTS, {})
    brought = st.session_state.get("weights")  # which the address does not name before this run has read it
    shown = WEIGHTS in st.query_params or (brought is not None and digests.get(brought.file_id) != "")
    with st.expander("Own weights", expanded=shown, icon=":material/upload_file:"):
        file = st.file_uploader(
            f"A safetensors file for {name}",
            key="weights",
            max_upload_size=MAX_WEIGHTS_MB,
            on_change=_forget,
            help="The number of classes is read from the file. Pickles (.pth, .pt, .bin) are refused.",
        )
        if file is not None and file.file_id not in digests:
            data = file.getvalue()
            digests[file.file_id] = hashlib.sha256(data).hexdigest()  # once: it may be hundreds of megabytes
            keep_weights(digests[file.file_id], data, file.name)
            release("weights")
        asked = st.query_params.get(WEIGHTS) or st.session_state.get(_IN_USE, "")
        if is_kept(asked):  # what was trained here has a box of its own, and is left out or for another network
            asked = ""
        digest = trained or (digests[file.file_id] if file is not None else "") or recall_weights(asked) or asked
        if digest and not trained:
            kept = find_weights(digest)
            st.text(f"In use: {kept.title}" if kept else "No longer here.")  # never as Markdown: a file's name
            st.button("Leave out", key="leave_weights", icon=":material/visibility_off:", on_click=_leave_out)
    st.session_state[_IN_USE] = "" if trained else digest[:DIGITS]
    if digest:
        if st.query_params.get(WEIGHTS) != digest[:DIGITS]:
            st.query_params[WEIGHTS] = digest[:DIGITS]
    else:
        st.query_params.pop(WEIGHTS, None)
    return digest


def refuse_weights(digest: str, problem: WeightsRejected) -> None:
    """Let go of a file that no network can open, and remember why."""
    if find_weights(digest) is not None:
        st.session_state.setdefault(_REFUSED, {})[digest] = str(problem)
        drop_weights(digest)


def why_refused(digest: str) -> str:
    """Why a file was refused; "" where it was not."""
    return str(st.session_state.get(_REFUSED, {}).get(digest, ""))


def say_wrapped(problem: WeightsWrapped, digest: str) -> None:
    """What a wrapper has put in front of the names, and the click that takes it away."""
    st.warning(as_plain_text(str(problem)), icon=":material/drive_file_rename_outline:")
    st.button(
        "Rename and open",
        key="unwrap_weights",
        type="primary",
        icon=":material/drive_file_rename_outline:",
        on_click=_unwrap,
        args=(digest, problem.prefix),
    )


def _unwrap(digest: str, prefix: str) -> None:
    """Keep the file with other names in place of the one that was brought."""
    from explorer.zoo.weights import unwrap

    kept = find_weights(digest)
    if kept is None:  # the page will say so
        return
    data = unwrap(kept.data, prefix)
    renamed = hashlib.sha256(data).hexdigest()
    drop_weights(digest)
    keep_weights(renamed, data, kept.title)
    digests: dict[str, str] = st.session_state.get(_DIGESTS, {})
    st.session_state[_DIGESTS] = {file: renamed if each == digest else each for file, each in digests.items()}
    st.session_state[_IN_USE] = st.query_params[WEIGHTS] = renamed[:DIGITS]


def _leave_out() -> None:
    """Look through the network's own weights; a file that is still listed is not taken again."""
    st.session_state[_DIGESTS] = dict.fromkeys(st.session_state.get(_DIGESTS, {}), "")
    _forget()


def _forget() -> None:
    """Another file, or none: neither what was trained here nor what the address names is looked through."""
    leave_trained()
    st.session_state.pop(_IN_USE, None)
    st.query_params.pop(WEIGHTS, None)
