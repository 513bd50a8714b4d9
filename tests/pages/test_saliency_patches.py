"""Maximally activating patches: every control, against a search over every cell of every picture."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.anatomy import LayerFacts, record, summarize_layers
from explorer.rendering import decode_png
from explorer.saliency import default_layer, layers_for
from explorer.samples import SAMPLES
from explorer.ui.saliency.patches import FIRST, SIDE
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import PLACES
from tests.pages.opening import Browser, open_page, run, subject_of, texts_of

SMALL = "tiny-vgg"
PART = {"part": "Maximally activating patches"}


def open_patches(address: dict[str, str] | None = None) -> AppTest:
    return open_page("saliency", {"model": SMALL, **PART, **(address or {})})


def maps_of(subject: Subject, layer: str) -> np.ndarray:
    return record(subject.model, subject.input, [layer])[layer].maps.numpy()


def facts_of(subject: Subject, layer: str) -> LayerFacts:
    return next(each for each in summarize_layers(subject.model, subject.input) if each.name == layer)


def search(subject: Subject, layer: str, unit: int, count: int, labels: list[str]) -> list[tuple[float, str]]:
    """Value and title of the strongest places, each seeing something else than the stronger ones of its picture."""
    field, size = facts_of(subject, layer).receptive_field, subject.model.preprocessing.size
    found = []
    for label in labels:
        other = replace(subject, picture=get_picture(label))
        values = maps_of(other, layer)[unit]
        taken: list[np.ndarray] = []
        for place in np.argsort(-values.ravel(), kind="stable"):
            row, column = divmod(int(place), values.shape[1])
            seen = np.zeros((size, size), bool)  # counted pixel by pixel: boxes are whole ones in these networks
            left, top, right, bottom = (int(side) for side in field.box(row, column, size, size))
            seen[top:bottom, left:right] = True
            if values[row, column] <= 0 or len(taken) == PLACES:
                break
            if all((seen & mask).sum() <= 0.3 * (seen | mask).sum() for mask in taken):
                taken.append(seen)
                found.append((float(values[row, column]), get_picture(label).title))
    return sorted(found, key=lambda patch: -patch[0])[:count]


def check(app: AppTest, side: Browser, layer: str, unit: int, count: int = FIRST) -> None:
    expected = search(subject_of(app), layer, unit, count, list_labels(app))
    arrays = side.arrays()
    np.testing.assert_allclose(arrays["values"], [value for value, _ in expected], rtol=1e-5)
    assert arrays["titles"].tolist() == [title for _, title in expected]
    shown = [text.value.split("\n")[1] for text in app.main.text]
    assert shown == [title for _, title in expected]


def list_labels(app: AppTest) -> list[str]:
    own = app.session_state.get("picture_list", [])
    return [*reversed(own), *(sample.title for sample in SAMPLES)]


def test_it_works_at_once_on_the_most_active_unit(browser_side: Browser) -> None:
    app = open_patches()
    subject = subject_of(app)
    layer = default_layer(subject.model, subject.input)
    unit = int(np.abs(maps_of(subject, layer)).mean((1, 2)).argmax())
    assert app.selectbox(key="excited_layer").value == layer
    assert app.number_input(key="excited_unit").value is None
    assert f"**Unit {unit}**, the most active one on this photo" in texts_of(app)
    check(app, browser_side, layer, unit)


def test_layer_unit_and_number(browser_side: Browser) -> None:
    app = open_patches({"excited_unit": "3"})
    subject = subject_of(app)
    layers = [facts.name for facts in layers_for(subject.model, subject.input)]
    assert app.selectbox(key="excited_layer").options == layers
    for layer, count in ((layers[1], 7), (layers[-1], 36)):
        run(app.selectbox(key="excited_layer").select(layer))
        run(app.slider(key="excited_count").set_value(count))
        check(app, browser_side, layer, 3, count)
    run(app.number_input(key="excited_unit").set_value(5))
    check(app, browser_side, layers[-1], 5, 36)
    assert "**Unit 5**, of" in texts_of(app)
    values = browser_side.arrays()
    assert len(set(values["titles"])) < len(values["titles"])  # several of one picture


def test_a_patch_is_what_its_cell_sees(browser_side: Browser) -> None:
    app = open_patches({"excited_layer": "features.relu1_1", "excited_unit": "0", "excited_count": "1"})
    subject, arrays = subject_of(app), browser_side.arrays()
    box = arrays["boxes"][0].astype(int)
    label = next(sample.title for sample in SAMPLES if sample.title == arrays["titles"][0])
    pixels = subject.model.preprocessing.pixels(get_picture(label).intake.image)[box[1] : box[3], box[0] : box[2]]
    drawn = decode_png(browser_side.downloads["offer-png"][1]())
    assert drawn.shape == (SIDE, SIDE, 3)
    if pixels.shape == (3, 3, 3):  # not cut by the border: every pixel is a third of the square
        np.testing.assert_array_equal(drawn[SIDE // 6 :: SIDE // 3, SIDE // 6 :: SIDE // 3], pixels)


def test_uploads_count_and_their_names_are_no_markdown(browser_side: Browser, photo_bytes: bytes) -> None:
    app = open_patches({"excited_unit": "3"})
    app.file_uploader(key="uploads").upload("**mine**.jpg", photo_bytes, "image/jpeg")
    run(app)
    assert list_labels(app)[0].startswith("**mine**.jpg")
    check(app, browser_side, app.selectbox(key="excited_layer").value, 3)
    assert not any("mine" in element.value for element in app.main.markdown)


def test_wide_layers_say_where_the_cell_is(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": "photo-net", **PART, "excited_count": "2"})
    assert "the yellow square is the cell's own place" in texts_of(app)
    assert (decode_png(browser_side.downloads["offer-png"][1]()) == (255, 214, 10)).all(axis=2).any()


def test_an_older_link_opens_this_part(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": SMALL, "part": "What excites a unit"})
    assert app.segmented_control(key="part").value == "patches"
    assert app.number_input(key="excited_unit")


def test_impossible_units_are_said_in_a_sentence(browser_side: Browser) -> None:
    app = open_patches({"excited_unit": "1000"})
    assert "There is no unit 1000: " in texts_of(app)
    assert not browser_side.downloads
    run(app.number_input(key="excited_unit").set_value(None))
    assert "offer-png" in browser_side.downloads


def test_a_unit_that_nothing_excites(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.shared import strongest_patches

    original = strongest_patches.compute_places

    def none(subject: Subject, layer: str) -> Any:
        values, cells = original(subject, layer)
        return np.full_like(values, np.nan), cells

    monkeypatch.setattr(strongest_patches, "compute_places", none)
    app = open_patches({"excited_unit": "2"})
    assert f"Unit 2 is nowhere above zero on {len(list_labels(app))} pictures" in texts_of(app)


def test_many_pictures_get_a_bar(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.ui.saliency import patches as saliency_patches

    told: list[str] = []

    class Place:
        def progress(self, share: float, text: str) -> None:
            assert 0 < share < 1
            told.append(text)

    monkeypatch.setattr(saliency_patches, "_PATIENCE", -1.0)
    tell = saliency_patches._teller(Place(), 3)  # type: ignore[arg-type]
    for done in (1, 2, 3):
        tell(done)
    assert [text.split(",")[0] for text in told] == ["1 of 3 pictures", "2 of 3 pictures"]


def test_the_snippet_gives_the_same_patches(
    browser_side: Browser, photo_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_patches({"excited_unit": "4", "excited_count": "9", "fit": "Pad"})
    app.file_uploader(key="uploads").upload("mine.jpg", photo_bytes, "image/jpeg")
    run(app)
    (tmp_path / "mine.jpg").write_bytes(photo_bytes)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(app.code[0].value, "snippet", "exec"), names)
    arrays = browser_side.arrays()
    np.testing.assert_allclose([value for value, _, _ in names["found"]], arrays["values"], rtol=1e-5)
    np.testing.assert_allclose([box for _, _, box in names["found"]], arrays["boxes"])
    assert [title for _, title, _ in names["found"]] == arrays["titles"].tolist()


def test_the_contact_grid_has_every_patch(browser_side: Browser) -> None:
    open_patches({"excited_count": "8"})
    with Image.open(io.BytesIO(browser_side.downloads["offer-png"][1]())) as grid:
        assert grid.size == (6 * SIDE + 5 * 8, 2 * SIDE + 8)
