"""A network that was trained here, chosen for every page: kept in the session, used or left out in the sidebar."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import streamlit as st

from explorer.ui.session.subject import find_weights, keep_weights

_KEY = "trained_weights"


@dataclass(frozen=True)
class TrainedWeights:
    """What a session keeps of a network that was trained here.

    Attributes:
        network: name for `load_model`.
        title: what it was trained on, and how.
        data: of its safetensors file.
        digest: its sha256, the name under which `open_network` finds it.
        used: whether pages look through it where its network is chosen.
    """

    network: str
    title: str
    data: bytes = field(repr=False)
    digest: str
    used: bool = True


def use_trained(network: str, title: str, data: bytes) -> None:
    """Let every page of this session look through a trained network. For a button's `on_click`."""
    kept = TrainedWeights(network, title, data, hashlib.sha256(data).hexdigest())
    st.session_state[_KEY] = kept
    _choose(kept)


def is_used(network: str, digest: str) -> bool:
    """Whether this very network is what pages of the session look through."""
    kept: TrainedWeights | None = st.session_state.get(_KEY)
    chosen = st.session_state.get("model")
    return kept is not None and kept.used and kept.digest == digest and kept.network == network == chosen


def is_kept(start: str) -> bool:
    """Whether the digest of what was trained here begins so."""
    kept: TrainedWeights | None = st.session_state.get(_KEY)
    return kept is not None and bool(start) and kept.digest.startswith(start)


def leave_trained() -> None:
    """Look through the network's own weights again; the trained ones stay at hand."""
    kept: TrainedWeights | None = st.session_state.get(_KEY)
    if kept is not None:
        st.session_state[_KEY] = replace(kept, used=False)


def choose_trained(network: str) -> str:
    """The sidebar's box of a trained network, where there is one.

    Args:
        network: that the sidebar has chosen.

    Returns:
        The digest of its weights, where they are for this network and not left out; else "".
    """
    kept: TrainedWeights | None = st.session_state.get(_KEY)
    if kept is None:
        return ""
    active = kept.used and kept.network == network
    with st.container(border=True):
        st.markdown(f"**Trained here**, {'in use' if active else 'not in use'}")
        st.text(kept.title)  # never as Markdown: the name of a person's pictures is in it
        row = st.container(horizontal=True)
        if active:
            row.button("Leave out", key="leave_trained", icon=":material/visibility_off:", on_click=leave_trained)
        else:
            row.button("Use", key="use_trained", icon=":material/visibility:", on_click=_choose, args=(kept,))
        row.button("Drop", key="drop_trained", icon=":material/delete:", on_click=_drop)
    if not active:
        return ""
    if find_weights(kept.digest) is None:  # the server keeps the weights of a few people only
        keep_weights(kept.digest, kept.data, kept.title)
    return kept.digest


def _choose(kept: TrainedWeights) -> None:
    st.session_state[_KEY] = replace(kept, used=True)
    st.session_state["model"] = kept.network
    st.session_state["untrained"] = False


def _drop() -> None:
    st.session_state.pop(_KEY, None)
