"""A photo to be covered in part: boxes are dragged and a brush is led over it, by pointer or keyboard.

What a cover means is said in `explorer.saliency.covering`, whose text form this component reads and writes.
"""

from pathlib import Path

import streamlit as st

from explorer.ui.components.mounting import keep_event, mount
from explorer.ui.components.store import send_picture

_mount = mount(Path(__file__).parent, scripts=("marks.js",), styles=("photo.css", "unseen.css", "tools.css"))


def photo_cover(*, png: bytes, cover: str, most: int, alt: str, key: str) -> str | None:
    """Shows a photo with what is covered on it, and gives the cover that the person made since the last run, once.

    Nothing goes to the server before a box or a stroke is complete; then the whole cover goes, in one event.

    Args:
        png: The photo, in any proportions; a cover counts in thousandths of either side. Sent only when it
            changes.
        cover: What is covered, as `Cover.to_text` writes it.
        most: Characters that a cover may have; a mark that does not fit is not taken.
        alt: What the photo shows, for those who cannot see it.
        key: Of the element, unique on the page.

    Returns:
        The cover whose change caused this run, "" where it was cleared; or None. It comes from a browser, so it may be
        anything: the caller reads it with `Cover.from_text`, and keeps it.
    """
    with st.container(gap=None):
        picture = send_picture(png, key=f"{key}-photo")
        result = _mount(
            data={"picture": picture, "cover": cover, "most": most, "alt": alt}, key=key, on_cover_change=keep_event
        )
    changed = result.get("cover")
    return None if changed is None else str(changed)
