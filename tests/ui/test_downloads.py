import io
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.samples import SAMPLES
from explorer.ui.kit.export import arrays_as_npz
from explorer.ui.session.opening import layer_snippet
from explorer.ui.session.pictures import add_picture, get_picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import compute_maps, facts_of
from explorer.zoo import list_shipped


def make_subject(network: str, title: str = SAMPLES[0].title) -> Subject:
    return Subject(get_picture(title), network, device="cpu")


def test_arrays_come_back_as_they_went() -> None:
    maps = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    with np.load(io.BytesIO(arrays_as_npz(maps=maps, units=np.arange(3))), allow_pickle=False) as file:
        assert set(file) == {"maps", "units"}
        np.testing.assert_array_equal(file["maps"], maps)
        assert file["maps"].dtype == np.float32


def page_with_a_button(file_name: str) -> None:
    import streamlit as st

    from explorer.ui.kit.export import download

    download(st.container(), "Take it", b"123", file_name, "take", help="Three bytes.")


@pytest.mark.parametrize(
    ("file_name", "icon"),
    [("a.b.png", "image"), ("a.npz", "data_array"), ("a.csv", "table"), ("a.onnx", "download"), ("a", "download")],
)
def test_a_download_button_says_what_the_file_holds_and_leaves_the_page_alone(file_name: str, icon: str) -> None:
    (button,) = AppTest.from_function(page_with_a_button, args=(file_name,)).run().get("download_button")
    assert (button.proto.label, button.proto.help) == ("Take it", "Three bytes.")
    assert button.proto.icon == f":material/{icon}:"
    assert button.proto.ignore_rerun


def page_with_a_snippet() -> None:
    from explorer.ui.kit.snippet import show_snippet

    show_snippet("print(1)", "mine")
    show_snippet("print(2)", "yours")


def test_a_snippet_is_sent_when_its_panel_is_open() -> None:
    app = AppTest.from_function(page_with_a_snippet).run()
    assert [panel.label for panel in app.expander] == ["The same in Python"] * 2
    assert not app.code
    app.session_state["yours"] = True
    assert [(code.value, code.language) for code in app.run().code] == [("print(2)", "python")]


@pytest.mark.parametrize("network", list_shipped())
@pytest.mark.parametrize("changes", [{}, {"fit": "pad"}, {"fit": "squash", "size": 64}], ids=str)
def test_a_snippet_gives_the_maps_of_the_page(network: str, changes: dict[str, object]) -> None:
    subject = replace(make_subject(network), **changes)
    layer = facts_of(subject)[-4].name
    names: dict[str, object] = {}
    exec(layer_snippet(subject, layer), names)
    np.testing.assert_array_equal(names["maps"].numpy(), compute_maps(subject, layer))


@pytest.mark.parametrize("title", ["it's.jpg", 'a "b".png', "back\\slash.jpg", "new\nline.jpg", "'; import os; '"])
def test_a_file_name_cannot_break_the_snippet(title: str, photo_bytes: bytes) -> None:
    picture = add_picture(title, photo_bytes)
    subject = Subject(picture, list_shipped()[-1], device="cpu")
    snippet = layer_snippet(subject, "flatten")
    compile(snippet, "snippet", "exec")
    assert repr(title) in snippet
    assert "import os\n" not in snippet
