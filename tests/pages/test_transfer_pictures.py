"""Bringing pictures to the Transfer page and looking at them, without the page around."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.transfer.data.near_duplicates import across_split, find_pairs, image_statistics, leave_out_duplicates
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.sources import BUILT_IN, load_built_in, read_zip
from explorer.transfer.data.splitting import split
from tests.augmentation.test_image_zip import make_zip
from tests.pages.opening import SECONDS, Browser, run, run_snippet, texts_of
from tests.transfer.making_pictures import noise_file

TITLES = {**BUILT_IN, "zip": "Your own ZIP file", "classes": "Your own classes"}  # what an address names
FILES = [noise_file(number) for number in range(12)]


def script() -> None:
    import streamlit as st

    from explorer.transfer.data.splitting import split
    from explorer.ui.transfer.pictures import current_pictures, current_split_seed, show_pictures

    part = st.radio("Part", ["pictures", "train"], key="part_of_test")
    shown = st.session_state["shown"] = show_pictures() if part == "pictures" else current_pictures()
    st.session_state["dealt"] = split(shown.labels, current_split_seed()) if shown is not None else None
    st.session_state["seed_told"] = current_split_seed()


def open_part(**address: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=SECONDS)
    for key, value in address.items():
        app.query_params[key] = TITLES.get(value, value)
    return run(app)


def shown_by(app: AppTest) -> PictureSet:
    shown = app.session_state["shown"]
    assert isinstance(shown, PictureSet)
    return shown


def alternatives_of(app: AppTest) -> list[str]:
    """What is said in place of each picture."""
    return [image.alt for element in app.get("image") for image in element.proto.imgs]


def uploaders(app: AppTest) -> list[Any]:
    return list(app.file_uploader)


def drop(app: AppTest, place: int, *files: tuple[str, bytes]) -> AppTest:
    """Drop files onto one of the uploaders."""
    given = [(name, data, "application/octet-stream") for name, data in files]
    widget = uploaders(app)[place]
    return run(widget.set_value(given if widget.proto.multiple_files else given[0]))


def press(app: AppTest, key: str) -> AppTest:
    return run(app.button(key=key).click())


def zip_of(duplicates: bool = False, **extra: bytes) -> bytes:
    members = {f"cat/{n}.png": FILES[n] for n in range(6)} | {f"dog/{n}.png": FILES[6 + n] for n in range(6)}
    if duplicates:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(FILES[0])).save(buffer, "JPEG", quality=90)
        members |= {f"cat/copy{n}.png": FILES[0] for n in range(3)} | {"dog/again.jpg": buffer.getvalue()}
    return make_zip({**members, **{name.replace("__", "/").replace("_", "."): data for name, data in extra.items()}})


def test_a_link_opens_a_built_in_set_and_the_snippet_gives_its_arrays(browser_side: Browser) -> None:
    app = open_part(data="shapes", each="10", split_seed="4")
    pictures = shown_by(app)
    assert pictures.key == load_built_in("shapes", 10).key
    assert "40 pictures of 4 classes" in texts_of(app)
    dealt, expected = app.session_state["dealt"], split(pictures.labels, 4)
    assert dealt.test.tolist() == expected.test.tolist()
    arrays = browser_side.arrays("transfer-pictures")
    names, _ = run_snippet(app.code[0].value)
    for part in ("training", "validation", "test"):
        assert arrays[part].tolist() == getattr(expected, part).tolist() == getattr(names["parts"], part).tolist()
    assert arrays["labels"].tolist() == names["pictures"].labels.tolist()
    assert arrays["sizes"].tolist() == names["statistics"].sizes.tolist()
    assert arrays["pairs"].tolist() == names["pairs"].tolist()
    assert read_zip(browser_side.downloads["transfer-pictures-zip"][1](), "x").pictures.key == pictures.key
    png = Image.open(io.BytesIO(browser_side.downloads["transfer-pictures-png"][1]()))
    assert png.height > 300


def test_the_look_counts_every_class_in_every_part(browser_side: Browser) -> None:
    app = open_part(data="shapes", each="10")
    pictures, dealt = shown_by(app), app.session_state["dealt"]
    assert "24 to learn from, 8 to watch, 8 to test once" in texts_of(app)
    assert len(pictures) == len(dealt.training) + len(dealt.validation) + len(dealt.test)
    assert [f"Pictures of the class {name}" for name in pictures.classes] == alternatives_of(app)


def test_what_an_address_asks_for_in_vain() -> None:
    app = open_part(data="unicorns", each="3")
    assert app.session_state["data"] in ("shapes", "hymenoptera")
    assert app.session_state["each"] == 40


def test_the_choice_survives_another_part() -> None:
    app = open_part(data="shapes", each="10", split_seed="4")
    key = shown_by(app).key
    run(app.radio(key="part_of_test").set_value("train"))
    assert shown_by(app).key == key
    assert app.session_state["seed_told"] == 4
    run(app.radio(key="part_of_test").set_value("pictures"))
    assert shown_by(app).key == key
    assert app.session_state["split_seed"] == 4


def test_before_the_chooser_was_shown_the_address_counts() -> None:
    app = AppTest.from_function(script, default_timeout=SECONDS)
    app.session_state["part_of_test"] = "train"
    app.query_params["data"], app.query_params["each"] = TITLES["shapes"], "20"
    run(app)
    assert len(shown_by(app)) == 80
    app.query_params["data"] = TITLES["zip"]
    run(app)
    assert app.session_state["shown"] is None


def test_a_zip_file_is_read_and_kept_and_a_bad_one_loses_nothing(browser_side: Browser) -> None:
    app = open_part(data="zip")
    assert app.session_state["shown"] is None
    assert "Choose a ZIP file" in texts_of(app)
    data = zip_of(cat__notes_txt=b"hello")
    drop(app, 0, ("my *pets*.zip", data))
    pictures = shown_by(app)
    assert pictures.key == read_zip(data, "x").pictures.key
    assert pictures.title == "my *pets*.zip"
    assert "cat/notes.txt: The file holds text, not a picture" in texts_of(app)
    drop(app, 0, ("broken.zip", b"hello"))
    assert shown_by(app).key == pictures.key
    assert [error.value for error in app.error] == [
        "This is no ZIP file; put one folder for each class into a ZIP file. "
        r"The pictures of my \*pets\*.zip are still here."
    ]
    run(app.radio(key="part_of_test").set_value("train"))
    run(app.radio(key="part_of_test").set_value("pictures"))
    assert shown_by(app).key == pictures.key


def test_a_link_brings_a_zip_files_pictures_where_copies_share_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser_side: Browser
) -> None:
    app = drop(open_part(data="zip"), 0, ("pets.zip", zip_of()))
    assert "zip" not in app.query_params  # a link would be in vain
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    files = {name: zip_of(cat__more_png=noise_file(number)) for number, name in enumerate(("one.zip", "two.zip"), 50)}
    links: list[str] = []
    for name, data in files.items():
        drop(app, 0, (name, data))
        assert shown_by(app).title == name
        links.append(str(app.query_params["zip"]))
    drop(app, 0, ("broken.zip", b"hello"))
    assert app.query_params["zip"] == links[1] != links[0]
    app.query_params["zip"] = links[0]  # as Back does
    assert shown_by(run(app)).title == "one.zip"
    other = open_part(data="zip", zip=links[1])
    assert (shown_by(other).title, shown_by(other).key) == ("two.zip", read_zip(files["two.zip"], "x").pictures.key)
    assert not other.warning
    run(other.selectbox(key="data").set_value("shapes"))
    assert "zip" not in other.query_params
    lost = open_part(data="zip", zip="0123456789abcdef")
    assert lost.warning[0].value.startswith("The pictures of this link are no longer on the server.")
    assert shown_by(drop(lost, 0, ("one.zip", files["one.zip"]))).title == "one.zip"
    assert not lost.warning
    assert lost.query_params["zip"] == links[0]


def test_the_snippet_reads_the_persons_zip_file(
    browser_side: Browser, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = zip_of(duplicates=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pets.zip").write_bytes(data)
    app = drop(open_part(data="zip"), 0, ("pets.zip", data))
    press(app, "duplicates_out")
    names, arrays = run_snippet(app.code[0].value)[0], browser_side.arrays("transfer-pictures")
    assert names["pictures"].key == shown_by(app).key
    assert arrays["test"].tolist() == names["parts"].test.tolist()
    assert arrays["pairs"].shape == (0, 2)


def test_near_duplicates_are_shown_and_left_out_with_one_click_and_put_back() -> None:
    app = drop(open_part(data="zip"), 0, ("pets.zip", zip_of(duplicates=True)))
    before = shown_by(app)
    pairs = find_pairs(image_statistics(before))
    crossing = across_split(pairs, split(before.labels, 0))
    said = texts_of(app)
    assert f"{len(pairs)} pairs of nearly the same pictures" in said
    assert (f"{len(crossing)} across the split" if len(crossing) else "none across this split") in said
    assert "4 of them in two different classes" in said
    told = [text for text in alternatives_of(app) if text.endswith("which are nearly the same")]
    assert len(told) == min(6, len(crossing) or len(pairs))
    press(app, "duplicates_out")
    after = shown_by(app)
    assert after.key == leave_out_duplicates(before, pairs).key
    assert len(after) == len(before) - 4
    assert "4 near-duplicates left out" in texts_of(app)
    assert app.session_state["dealt"].test.max() < len(after)
    press(app, "duplicates_back")
    assert shown_by(app).key == before.key


def test_too_many_twins_lose_nothing() -> None:
    members = {f"cat/{n}.png": FILES[0] for n in range(6)} | {f"dog/{n}.png": FILES[n] for n in range(1, 7)}
    app = drop(open_part(data="zip"), 0, ("pets.zip", make_zip(members)))
    before = shown_by(app).key
    press(app, "duplicates_out")
    assert "Without the near-duplicates too little is left" in texts_of(app)
    assert run(app).session_state["shown"].key == before


def test_classes_are_named_filled_added_emptied_and_removed() -> None:
    app = open_part(data="classes")
    assert "Name your classes" in texts_of(app)
    run(app.text_input(key="class_name_0").set_value("cups"))
    drop(app, 0, *[(f"{n}.png", FILES[n]) for n in range(5)])
    assert app.session_state["shown"] is None
    assert "It takes at least 2 classes" in texts_of(app)
    drop(app, 1, *[(f"{n}.png", FILES[5 + n]) for n in range(4)], ("no.txt", b"hello"))
    assert "no.txt: The file holds text" in texts_of(app)
    assert "4 pictures, 1 more needed" in texts_of(app)
    drop(app, 1, ("last.png", FILES[9]))
    pictures = shown_by(app)
    assert pictures.classes == ("cups", "Class 2")
    assert pictures.files == tuple(FILES[:10])
    press(app, "class_add")
    assert len(uploaders(app)) == 3
    run(app.text_input(key="class_name_2").set_value("cups"))
    assert "Two classes are called 'cups'" in texts_of(app)
    assert app.session_state["shown"] is None
    run(app.text_input(key="class_name_2").set_value("a/b"))
    assert "cannot be the name of a class" in texts_of(app)
    press(app, "class_remove_2")
    assert shown_by(app).key == pictures.key
    run(app.radio(key="part_of_test").set_value("train"))
    run(app.radio(key="part_of_test").set_value("pictures"))
    assert shown_by(app).key == pictures.key
    assert app.text_input(key="class_name_0").value == "cups"
    press(app, "class_empty_1")
    assert app.session_state["shown"] is None


def test_a_download_waits_for_a_click_and_says_when_there_is_no_network(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
    monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"{tmp_path.as_uri()}/nowhere/"])
    app = open_part(data="fashion", each="10")
    assert app.session_state["shown"] is None
    press(app, "download-fashion")
    assert "could not be downloaded" in texts_of(app)
    assert app.session_state["shown"] is None


def test_what_is_known_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.transfer import dataset_report

    looked: list[str] = []
    original: Callable[..., Any] = dataset_report.image_statistics

    def watch(pictures: PictureSet, *more: Any) -> Any:
        looked.append(pictures.key)
        return original(pictures, *more)

    monkeypatch.setattr(dataset_report, "image_statistics", watch)
    app = open_part(data="zip")
    members = {f"{name}/{n}.png": noise_file(500 + 10 * place + n) for place, name in enumerate("ab") for n in range(5)}
    drop(app, 0, ("pets.zip", make_zip(members)))
    run(app.number_input(key="split_seed").set_value(3))
    assert len(looked) == 1
