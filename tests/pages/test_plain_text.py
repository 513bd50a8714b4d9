"""On every page: names of classes and files, which somebody else may have chosen, are text and never Markdown."""

import json
import re
from collections.abc import Iterator
from functools import cache

import pytest
from google.protobuf.message import Message
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from explorer.zoo import random_model
from tests.pages.opening import open_page, run

WICKED = tuple(f"*star{place}* :red[x] [y](http://z) <a>" for place in range(10))
FILE = "*star*.png"
# What Streamlit shows letter by letter; all other strings of an element may be Markdown.
LETTERS = {
    "text.body",
    "image.imgs.alt",
    "selectbox.options",
    "selectbox.raw_value",
    "multiselect.options",
    "code.code_text",
}
DATA = ("plotly_chart", "bidi_component", "arrow_data_frame", "component_instance", "file_uploader", "text_input")


@cache
def wicked_weights() -> bytes:
    return save(random_model("tiny-vgg", num_classes=10).network.state_dict(), {"classes": json.dumps(WICKED)})


def strings_in(message: Message, path: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, str):
                yield f"{path}.{field.name}", each
            elif isinstance(each, Message):
                yield from strings_in(each, f"{path}.{field.name}")


def elements_of(app: AppTest) -> list[tuple[str, Message]]:
    messages = ((node.type, getattr(node, "proto", None)) for node in app._tree)
    return [(kind, message) for kind, message in messages if isinstance(message, Message)]


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("layers", {}),
        ("filters", {}),
        ("pooling", {"part": "Inside a network"}),
        ("pooling", {"part": "Shift"}),
        ("saliency", {"method1": "Grad-CAM", "method2": "Layer-CAM", "method3": "Saliency"}),
        ("saliency", {"part": "Try it yourself", "class": WICKED[3], "against": WICKED[4]}),
        ("augmentation", {"part": "Cause and effect"}),
        ("augmentation", {"part": "Mix two pictures"}),
        ("augmentation", {"part": "Cause and effect", "effect": "Sweep"}),
    ],
)
def test_names_of_a_persons_files_are_no_markdown(page: str, address: dict[str, str], photo_bytes: bytes) -> None:
    app = open_page(page, {"model": "tiny-vgg", **address})
    app.file_uploader(key="uploads").upload(FILE, photo_bytes, "image/jpeg")
    app.file_uploader(key="weights").set_value(("mine.safetensors", wicked_weights(), "application/octet-stream"))
    run(app)
    strings = [(kind, *each) for kind, message in elements_of(app) for each in strings_in(message, kind)]
    assert any(re.search(r"star\d", text) for _, _, text in strings)  # the names are there
    # An asterisk of a name that nothing keeps from beginning an emphasis.
    raw = [each for each in strings if re.search(r"(?<!\\)\*star", each[2])]
    assert [(path, text) for kind, path, text in raw if path not in LETTERS and kind not in DATA] == []
    # A link in a figure, as JSON writes it.
    figures = [message.spec for kind, message in elements_of(app) if kind == "plotly_chart"]
    assert not any(link in spec for spec in figures for link in ("<a>", "\\u003ca\\u003e"))
