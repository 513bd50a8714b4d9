"""Makes a component of the files in its folder, and of those in `shared` that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components.store import STORE_JS

_SHARED = Path(__file__).parent / "shared"


def mount(
    folder: Path, scripts: Sequence[str] = (), styles: Sequence[str] = (), constants: str = ""
) -> Callable[..., Any]:
    """Registers component.html, component.css and component.js of a folder, under the folder's name.

    Args:
        folder: Of the component.
        scripts: Others of the folder or of `../shared`, which stand before component.js; all of them are one module.
        styles: Of `shared`, which stand before component.css.
        constants: JavaScript before all scripts of the folder.
    """

    def read(*files: Path) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in files)

    ours = [folder / script for script in (*scripts, "component.js")]
    return st.components.v2.component(
        f"explorer_{folder.name}",
        html=read(folder / "component.html"),
        css=read(*(_SHARED / style for style in styles), folder / "component.css"),
        js=STORE_JS + read(_SHARED / "drawn.js") + constants + read(*ours),
    )


def keep_event() -> None:
    """For `on_..._change`: Streamlit hands over only events that have a callback."""
