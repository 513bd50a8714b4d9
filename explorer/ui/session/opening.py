"""The first lines of every snippet: the network and the picture that are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.ui.session.subject import SEED, UNTRAINED, Subject


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
