"""Opening the folders of captioners, whole and broken."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from explorer.captioning import CaptionerBroken, CaptionerUnknown, list_captioners, load_captioner, loading, open_folder
from explorer.captioning.embeddings import FROZEN_FILE, read_frozen
from explorer.captioning.loading import MODELS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS / "photo-captioner", tmp_path / "mine"))


@pytest.mark.parametrize("name", list_captioners())
def test_a_shipped_captioner_is_what_its_card_says(name: str) -> None:
    card = json.loads((MODELS / name / "card.json").read_text(encoding="utf-8"))
    captioner = load_captioner(name, device="cpu")
    assert card["name"] == name
    assert card["sha256"] == hashlib.sha256((MODELS / name / "weights.safetensors").read_bytes()).hexdigest()
    assert card["parameters"] == captioner.parameters
    assert card["words"] == len(captioner.vocabulary)
    assert not any(p.requires_grad for p in (*captioner.encoder.parameters(), *captioner.decoder.parameters()))
    assert not captioner.encoder.training
    assert not captioner.decoder.training


def test_the_one_for_photographs_is_the_default() -> None:
    assert list_captioners()[0] == "photo-captioner"
    assert load_captioner(device="cpu").name == "photo-captioner"


def test_together_they_stay_small() -> None:
    total = sum(file.stat().st_size for name in list_captioners() for file in (MODELS / name).iterdir())
    assert total <= 40 * 2**20


def test_every_file_of_tensors_is_named_by_its_card() -> None:
    for path in MODELS.glob("*/*.safetensors"):
        card = json.loads(path.with_name("card.json").read_text(encoding="utf-8"))
        named = card["sha256"] if path.name == "weights.safetensors" else card["files"][path.name]
        assert named == hashlib.sha256(path.read_bytes()).hexdigest(), path


def test_a_changed_file_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MODELS", folder.parent)
    monkeypatch.setattr(loading, "DEFAULT", "mine")
    for name, said in (
        ("weights", "weights.safetensors of mine is damaged or was changed"),
        ("kinds", "kinds.safetensors"),
    ):
        path = folder / f"{name}.safetensors"
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(CaptionerBroken, match=said):
            open_folder(folder)
        path.write_bytes(data)
    path = folder / FROZEN_FILE
    words = len(json.loads((folder / "vocabulary.json").read_text(encoding="utf-8")))
    assert read_frozen(folder, words) is not None
    path.write_bytes(path.read_bytes()[:-4] + b"abcd")
    assert read_frozen(folder, words) is None


def test_an_unknown_name_is_one_sentence() -> None:
    with pytest.raises(CaptionerUnknown, match=r"^There is no captioner 'clip'; there are photo-captioner"):
        load_captioner("clip")


def test_the_folder_of_a_classifier_is_no_captioner() -> None:
    with pytest.raises(CaptionerBroken, match=r"^photo-net is no captioner: it lacks vocabulary\.json\.$"):
        open_folder(MODELS / "photo-net")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaptionerBroken, match=r"lacks card\.json, vocabulary\.json, weights\.safetensors"):
        open_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("weights.safetensors", b"PK\x03\x04 a pickle"),
        ("weights.safetensors", b""),
        ("card.json", b"{"),
        ("card.json", b"[]"),
        ("card.json", b"{}"),
        ("vocabulary.json", b'["<pad>"]'),
        ("vocabulary.json", b'{"a": 1}'),
        ("vocabulary.json", b"\xff\xfe"),
    ],
)
def test_a_broken_file_is_one_sentence(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(CaptionerBroken, match=r"^mine is no captioner that can be opened \(.+\)\.$") as caught:
        open_folder(folder)
    assert "\n" not in str(caught.value)


def test_words_of_another_captioner_are_refused(folder: Path) -> None:
    words = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    (folder / "vocabulary.json").write_text(json.dumps(words[:-1]), encoding="utf-8")
    with pytest.raises(CaptionerBroken, match=r"its vocabulary lacks nut"):
        open_folder(folder)
