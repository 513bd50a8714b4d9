"""The Saliency page's part on attention that the network itself has: which kind it is, and where there is none."""

from __future__ import annotations

import streamlit as st

from explorer.saliency import attention_inside, networks_with_attention
from explorer.ui.saliency.gates import show_gates
from explorer.ui.saliency.swin_attention import show_windows
from explorer.ui.saliency.vit_attention import show_tokens
from explorer.ui.session.subject import Subject

_NAMED = 6  # networks in one sentence
_OURS = "photo-vit"
_SHOWN = {"gates": show_gates, "tokens": show_tokens, "windows": show_windows}


def show_attention(subject: Subject) -> None:
    """Channel gates, or self-attention, or one sentence that there is neither."""
    kind = attention_inside(subject.model)
    if kind is None:
        st.info(say_none(subject.network), icon=":material/lightbulb:")
        st.button(f"Open {_OURS}", key="open_ours", on_click=_open_ours, icon=":material/open_in_new:", type="primary")
    else:
        _SHOWN[kind](subject)


def _open_ours() -> None:
    """Change the network before the sidebar is drawn again; what random weights attend to would show nothing."""
    st.session_state["model"] = _OURS
    st.session_state["untrained"] = False


def say_none(name: str) -> str:
    """That a network has no attention inside, which ones have, and which of those open without a download."""
    from explorer.zoo.download import is_cached

    here = [other for other in networks_with_attention() if other != _OURS and is_cached(other)]
    available = (
        f"on this machine already: {', '.join(here[:_NAMED])}{' and others' if len(here) > _NAMED else ''}"
        if here
        else "they are downloaded on first use"
    )
    return (
        f"{name} has no attention inside. {_OURS}, a small transformer of ours, has and works offline. Channel gates "
        f"are in MobileNetV3, EfficientNet and RegNet-Y, self-attention in ViT and Swin; "
        f"{available}."
    )
