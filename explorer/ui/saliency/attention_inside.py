"""The Saliency page's part on attention that the network itself has: which kind it is, and where there is none."""

from __future__ import annotations

import streamlit as st

from explorer.saliency import attention_inside
from explorer.saliency.inside import OURS, describe_absence
from explorer.ui.saliency.gates import show_gates
from explorer.ui.saliency.swin_attention import show_windows
from explorer.ui.saliency.vit_attention import show_tokens
from explorer.ui.session.subject import Subject
from explorer.ui.shared.preferred_input.part import show_preferred

_BLOCKS = {"tokens": show_tokens, "windows": show_windows}


def show_attention(subject: Subject) -> None:
    """Channel gates, or self-attention, or one sentence that there is neither."""
    kind = attention_inside(subject.model)
    if kind is None:
        st.info(describe_absence(subject.network), icon=":material/lightbulb:")
        st.button(f"Open {OURS}", key="open_ours", on_click=_open_ours, icon=":material/open_in_new:", type="primary")
    elif kind == "gates":
        show_gates(subject)
    else:
        _show_block_input(subject, _BLOCKS[kind](subject))


def _show_block_input(subject: Subject, attention: str) -> None:
    """What a channel of the vectors looks for that leave the block of an attention, at all of its patches together."""
    st.subheader("What this block looks for", anchor=False)
    st.caption(
        "A map here is one number of the vector that the block hands on, at each patch of the picture. A transformer "
        "does not stand on Layers; its preferred input is grown here."
    )
    show_preferred(subject, f"{attention.rpartition('.')[0]}.add_1")


def _open_ours() -> None:
    """Change the network before the sidebar is drawn again; what random weights attend to would show nothing."""
    st.session_state["model"] = OURS
    st.session_state["untrained"] = False
