"""Scenes for the scene captioner, composed on the Captions page."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.captioning import list_captioners, load_captioner
from tests.pages.opening import open_page

pytestmark = pytest.mark.skipif("scene-captioner" not in list_captioners(), reason="it is not shipped yet")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with flat pictures of the captioner's classes in place of CIFAR-10's."""
    classes = load_captioner("scene-captioner", device="cpu").card["classes"]
    with tarfile.open(tmp_path / "cifar10.tar.xz", "w:xz") as tar:
        for number, name in enumerate(classes):
            buffer = io.BytesIO()
            Image.fromarray(np.full((32, 32, 3), 40 * number, dtype=np.uint8)).save(buffer, "PNG")
            member = tarfile.TarInfo(f"test/{name}/0.png")
            member.size = buffer.tell()
            buffer.seek(0)
            tar.addfile(member, buffer)
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path))
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_a_composed_scene_becomes_the_picture(data: Path) -> None:
    app = open_page("captions", {"captioner": "Composed scenes"})
    app.number_input(key="scene").set_value(7)
    app.button(key="compose").click().run()
    assert not app.exception
    assert app.selectbox(key="image").value.startswith("Scene 7")


def test_without_the_data_one_sentence_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    app = open_page("captions", {"captioner": "Composed scenes"})
    assert not app.exception
    assert any("Point EXPLORER_DATA at a folder" in each.value for each in app.caption)
