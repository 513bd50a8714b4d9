"""The first lines of every Python snippet of the Captions page."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.ui.captions.subject import CaptionSubject


def captioner_lines(
    subject: CaptionSubject, imports: Sequence[str] = (), more: Sequence[str] = (), look: bool = True
) -> list[str]:
    """Imports, `captioner`, `image`, `x` and `a`; run from the project's root, with the picture's file beside it.

    Args:
        subject: what the page looks at.
        imports: names from `explorer.captioning` besides `load_captioner`.
        more: further lines of imports.
        look: whether the snippet needs `x`, the encoder's input, and `a`, the annotation vectors.
    """
    sample = subject.picture.sample
    own = [
        f"from explorer.captioning import {', '.join(sorted({'load_captioner', *imports}))}",
        "from explorer.images import open_image",
        *(["from explorer.samples import read_sample"] if sample else []),
        *more,
    ]
    data = f"read_sample({sample!r})" if sample else f"Path({subject.picture.title!r}).read_bytes()"
    return [
        *([] if sample else ["from pathlib import Path", ""]),
        *sorted(own),
        "",
        f"captioner = load_captioner({subject.name!r}, device={subject.device!r})",
        f"image = open_image({data})",
        *(["x = captioner.tensor(image)", "a = captioner.look(x)"] if look else []),
    ]
