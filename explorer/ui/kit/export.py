"""What a page hands over: the picture, the arrays, and a snippet that gives the same numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.ui.session.subject import SEED, UNTRAINED, Subject


def arrays_as_npz(**arrays: NDArray[np.generic]) -> bytes:
    """Named arrays as one compressed NPZ file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def opening_lines(subject: Subject, imports: str, with_picture: bool = True, more: Sequence[str] = ()) -> list[str]:
    """The first lines of every snippet: imports and `model`, and with a picture `preprocessing` and `image`.

    Run from the project's root, with the picture's file and the own weights beside it.

    Args:
        subject: what the page looks at.
        imports: names to import from `explorer.anatomy`; "" for none.
        with_picture: whether the snippet needs the picture.
        more: further lines of imports from the project.
    """
    sample = subject.picture.sample
    untrained = subject.weights == UNTRAINED
    weights = ", weights=Path('weights.safetensors').read_bytes()" if subject.weights and not untrained else ""
    opened = f"random_model({subject.network!r}, seed={SEED}, " if untrained else f"load_model({subject.network!r}, "
    own = [
        *([f"from explorer.anatomy import {imports}"] if imports else []),
        *(["from explorer.images import open_image"] if with_picture else []),
        *(["from explorer.samples import read_sample"] if with_picture and sample else []),
        f"from explorer.zoo import {'random_model' if untrained else 'load_model'}",
        *more,
    ]
    lines = [
        *(["from pathlib import Path", ""] if weights or (with_picture and not sample) else []),
        *sorted(own),
        "",
        f"model = {opened}device={subject.device!r}{weights})",
    ]
    if with_picture:
        size = subject.model.preprocessing.size
        data = f"read_sample({sample!r})" if sample else f"Path({subject.picture.title!r}).read_bytes()"
        lines += [
            f"preprocessing = model.preprocessing.with_fit({subject.fit!r}).with_size({size})",
            f"image = open_image({data})",
        ]
    return lines


def layer_snippet(subject: Subject, layer: str) -> str:
    """Python that gives the maps on the page."""
    lines = [
        *opening_lines(subject, "record"),
        f"recording = record(model, preprocessing.tensor(image), layers=[{layer!r}])",
        f"maps = recording[{layer!r}].maps  # (C, H, W)",
        "print(tuple(maps.shape), maps.mean().item(), maps.max().item())",
    ]
    return "\n".join(lines) + "\n"


def offer(
    name: str,
    png: bytes | Callable[[], bytes],
    npz: Callable[[], bytes],
    snippet: str,
    key: str,
    json: Callable[[], str] | None = None,
) -> None:
    """Buttons for the picture, the arrays and perhaps JSON, and the snippet to copy; functions wait until wanted."""
    row = st.container(horizontal=True)
    # A download changes nothing on the page, so the page does not run again; that run could drop the next download.
    row.download_button(
        "PNG", png, f"{name}.png", "image/png", key=f"{key}-png", on_click="ignore", icon=":material/image:"
    )
    row.download_button(
        "Arrays (NPZ)",
        npz,
        f"{name}.npz",
        "application/octet-stream",
        key=f"{key}-npz",
        on_click="ignore",
        icon=":material/data_array:",
    )
    if json is not None:
        row.download_button(
            "JSON",
            json,
            f"{name}.json",
            "application/json",
            key=f"{key}-json",
            on_click="ignore",
            icon=":material/data_object:",
        )
    with st.expander("The same in Python", icon=":material/code:"):
        st.code(snippet, language="python")
