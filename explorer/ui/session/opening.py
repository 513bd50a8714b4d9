"""The first lines of snippets: the network and the picture that are looked at."""

from __future__ import annotations

from explorer.ui.kit.snippet import snippet
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import SEED, UNTRAINED, Subject


def image_lines(picture: Picture, name: str = "image") -> list[str]:
    """A picture, from the project's root and with its file beside it."""
    if picture.sample:
        source, data = "from explorer.samples import read_sample", f"read_sample({picture.sample!r})"
    else:
        source, data = "from pathlib import Path", f"Path({picture.title!r}).read_bytes()"
    return ["from explorer.images import open_image", source, f"{name} = open_image({data})"]


def opening_lines(subject: Subject, with_picture: bool = True) -> list[str]:
    """`model`, and with a picture `preprocessing` and `image`; own weights are read from beside the project's root."""
    if subject.weights == UNTRAINED:
        opened = ["from explorer.zoo import random_model"]
        opened += [f"model = random_model({subject.network!r}, seed={SEED}, device={subject.device!r})"]
    else:
        own = ", weights=Path('weights.safetensors').read_bytes()" if subject.weights else ""
        opened = ["from explorer.zoo import load_model", *(["from pathlib import Path"] if own else [])]
        opened += [f"model = load_model({subject.network!r}, device={subject.device!r}{own})"]
    if not with_picture:
        return opened
    size = subject.model.preprocessing.size
    fitted = f"preprocessing = model.preprocessing.with_fit({subject.fit!r}).with_size({size})"
    return [*opened, fitted, *image_lines(subject.picture)]


def layer_snippet(subject: Subject, layer: str) -> str:
    """Python that gives the maps on the page."""
    return snippet(
        *opening_lines(subject),
        "from explorer.anatomy import record",
        f"recording = record(model, preprocessing.tensor(image), layers=[{layer!r}])",
        f"maps = recording[{layer!r}].maps  # (C, H, W)",
        "print(tuple(maps.shape), maps.mean().item(), maps.max().item())",
    )
