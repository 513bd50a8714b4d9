"""A square to draw a digit or a shape on, by pointer, finger or keyboard.

What a drawing means is said in `explorer.neurons.strokes`, whose text form this component reads and writes.
"""

from pathlib import Path

from explorer.ui.components.mounting import keep_event, mount

_mount = mount(Path(__file__).parent, styles=("photo.css", "unseen.css", "tools.css"))


def digit_pad(*, drawing: str, most: int, what: str = "a digit", key: str) -> str | None:
    """Shows a drawing, and gives what the person made of it since the last run, once.

    Nothing goes to the server before a stroke is complete; then the whole drawing goes, in one event.

    Args:
        drawing: What is drawn, as `read_strokes` reads it.
        most: Characters that a drawing may have; a stroke ends where there is no room left.
        what: Is to be drawn.
        key: Of the element, unique on the page.

    Returns:
        The drawing whose change caused this run, "" where it was cleared; or None. It comes from a browser, so it may
        be anything: the caller reads it with `read_strokes`, and keeps it.
    """
    result = _mount(data={"drawing": drawing, "most": most, "what": what}, key=key, on_drawing_change=keep_event)
    changed = result.get("drawing")
    return None if changed is None else str(changed)
