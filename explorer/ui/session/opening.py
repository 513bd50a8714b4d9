"""The first lines of snippets: the network and the picture that are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.snippet import snippet
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import SEED, UNTRAINED, Subject


def image_lines(picture: Picture, name: str = "image") -> list[str]:
    """A picture, from the project's root and with its file beside it."""
    source, data = _bytes_of(picture)
    return ["from explorer.images import open_image", source, f"{name} = open_image({data})"]


def _bytes_of(picture: Picture) -> tuple[str, str]:
    """An import, and what reads the file."""
    if picture.sample:
        return "from explorer.samples import read_sample", f"read_sample({picture.sample!r})"
    return "from pathlib import Path", f"Path({picture.title!r}).read_bytes()"


def network_lines(subject: Subject) -> list[str]:
    """`model`; own weights are read from beside the project's root."""
    if subject.weights == UNTRAINED:
        return [
            "from explorer.zoo import random_model",
            f"model = random_model({subject.network!r}, seed={SEED}, device={subject.device!r})",
        ]
    own = ", weights=Path('weights.safetensors').read_bytes()" if subject.weights else ""
    return [
        "from explorer.zoo import load_model",
        *(["from pathlib import Path"] if own else []),
        f"model = load_model({subject.network!r}, device={subject.device!r}{own})",
    ]


def _fitted_lines(subject: Subject) -> list[str]:
    """`model`, and `preprocessing` as it is on the page."""
    size = subject.model.preprocessing.size
    fitted = f"preprocessing = model.preprocessing.with_fit({subject.fit!r}).with_size({size})"
    return [*network_lines(subject), fitted]


def opening_lines(subject: Subject) -> list[str]:
    """`model`, `preprocessing` and `image`."""
    return [*_fitted_lines(subject), *image_lines(subject.picture)]


def pictures_lines(subject: Subject, pictures: Sequence[Picture]) -> list[str]:
    """`model`, `preprocessing` and `pictures`, title and bytes of each."""
    read = [(picture.title, *_bytes_of(picture)) for picture in pictures]
    return [
        *_fitted_lines(subject),
        *(source for _, source, _ in read),
        "pictures = [",
        *(f"    ({title!r}, {data})," for title, _, data in read),
        "]",
    ]


def layer_snippet(subject: Subject, layer: str) -> str:
    """Python that gives the maps on the page."""
    return snippet(
        *opening_lines(subject),
        "from explorer.anatomy import record",
        f"recording = record(model, preprocessing.tensor(image), layers=[{layer!r}])",
        f"maps = recording[{layer!r}].maps  # (C, H, W)",
        "print(tuple(maps.shape), maps.mean().item(), maps.max().item())",
    )
