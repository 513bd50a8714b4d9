"""The Pictures page: what it says is what the features say, and its Python gives the same."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from sklearn.manifold import trustworthiness

from explorer.samples import SAMPLES
from explorer.transfer.data.shapes import SHAPES, shape_file
from explorer.ui.kit.slow import STOPPED, obtain
from explorer.ui.pictures import computed
from tests.pages.opening import Browser, open_page, run, run_snippet
from tests.pages.test_learning_links import go, links_of, open_dashboard

ADDRESS = {"model": "tiny-vgg", "of": "Shapes on textured grounds", "each": "6"}


def test_the_finding_the_map_and_its_python_agree(browser_side: Browser) -> None:
    app = open_page("pictures", {**ADDRESS, "picture": "3"})
    told = next(each.value for each in app.markdown if each.value.startswith("**Of the"))
    arrays = browser_side.arrays("pictures-offer")
    rows, labels = arrays["features"].astype(float), arrays["labels"]
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    near = np.array(
        [[j for j in np.argsort(-line, kind="stable") if j != i][:8] for i, line in enumerate(unit @ unit.T)]
    )
    np.testing.assert_array_equal(near, arrays["nearest"])
    known = np.flatnonzero(labels >= 0)
    assert len(labels) - len(known) == 6  # the samples
    cosines = unit @ unit.T - 9 * (labels < 0)  # only those with a class are neighbours
    np.fill_diagonal(cosines, -99)
    shares = [(labels[np.argsort(-cosines[i])[:8]] == labels[i]).mean() for i in known]
    said = [float(each) for each in re.findall(r"(\d[\d.]*) %", told)]
    assert abs(said[0] - 100 * np.mean(shares)) < 0.06
    trust = trustworthiness(rows, arrays["points"], n_neighbors=8, metric="cosine")
    assert f"trustworthiness is {trust:.2f}" in told
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["points"], arrays["points"], atol=1e-4)
    assert f"{trust:.4f}"[:4] in printed
    off = next(each.value for each in app.caption if "svds" in each.value)
    assert float(re.search(r"coordinate (\S+) of", off)[1]) < 1e-9
    run(app.segmented_control(key="plane").set_value("tsne"))
    assert any("t-SNE of `features.pool3`" in each.value for each in app.markdown)
    assert not app.error


def test_tsne_can_be_stopped_and_go_on(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    pressed = []

    def press_stop(asked: tuple[object, ...], *given: Any, **more: Any) -> Any:
        if asked[0] == "tsne" and not pressed:
            pressed.append(asked)
            st.session_state.setdefault(STOPPED, set()).add(asked)
        return obtain(asked, *given, **more)

    monkeypatch.setattr(computed, "obtain", press_stop)
    app = open_page("pictures", {**ADDRESS, "plane": "t-SNE", "by": "features.conv1_2"})
    assert "t-SNE was stopped." in [each.value for each in app.info]
    run(app.button(key="tsne-go-on").click())
    assert any("t-SNE of `features.conv1_2`" in each.value for each in app.markdown)


def test_who_waited_long_enough_may_wait_for_all(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computed, "SECONDS", 0.0)
    app = open_page("pictures", {**ADDRESS, "each": "12"})
    assert any("16 of 54 pictures were reached" in each.value for each in app.caption)
    run(app.button(key="pictures-all").click())
    assert not any("were reached" in each.value for each in app.caption)
    file = browser_side.arrays("pictures-offer")
    assert file["places"].tolist() == list(range(54))


def test_a_zip_files_folders_colour_the_map_and_a_bad_one_changes_nothing(
    browser_side: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPLORER_STORE", str(tmp_path))
    app = open_page("pictures", {"model": "tiny-vgg", "of": "Your ZIP file"})
    assert "one folder for each class" in app.info[0].value
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(10):
            archive.writestr(f"{number % 2} *odd*/{number}.png", shape_file(SHAPES[number % 2], number))
    run(app.file_uploader(key="pictures_zip_file_0").upload("mine.zip", data.getvalue(), "application/zip"))
    file = browser_side.arrays("pictures-offer")
    assert file["labels"].tolist() == [0, 1] * 5
    assert file["nearest"].shape == (10, 4)  # fewer than half of the pictures
    run(app.file_uploader(key="pictures_zip_file_1").upload("bad.zip", b"nonsense", "application/zip"))
    assert "no ZIP file" in app.error[0].value
    assert "still here" in app.error[0].value
    assert any(each.value.startswith("**Of the 4 nearest") for each in app.markdown)
    few = io.BytesIO()
    with zipfile.ZipFile(few, "w") as archive:
        for number in range(3):
            archive.writestr(f"a/{number}.png", shape_file(SHAPES[0], number))
    run(app.file_uploader(key="pictures_zip_file_2").upload("few.zip", few.getvalue(), "application/zip"))
    assert app.error[0].value.startswith("A map takes 4 to 2,000 pictures; there are 3.")
    browser_side.downloads.clear()
    name = str(app.query_params["zip"])
    linked = open_page("pictures", {"model": "tiny-vgg", "of": "Your ZIP file", "zip": name})
    assert not linked.error
    with np.load(io.BytesIO(browser_side.downloads["pictures-offer-npz"][1]())) as file:
        assert file["labels"].tolist() == [0, 1] * 5


def test_links_lead_there_by_any_layer_and_back_with_a_picture(browser_side: Browser) -> None:
    """By one that stands for no stage, and by another afterwards."""
    app = open_dashboard("pictures", {"model": "tiny-vgg", "of": "Your pictures and the samples"})
    for layer in ("features.relu1_1", "classifier"):
        go(app, "layers", {"layer": layer})
        go(app, *links_of(app)[f"Which of your pictures are alike at {layer}"])
        assert app.select_slider(key="by").value == layer
        assert any(f"PCA of `{layer}`" in each.value for each in app.markdown)
    assert "features.relu1_1" not in app.select_slider(key="by").options
    run(app.select_slider(key="by").set_value("features.pool3"))
    assert "classifier" in app.select_slider(key="by").options
    run(app.number_input(key="picture").set_value(3))
    page, address = links_of(app)["Layer by layer"]
    assert (page, address) == ("layers", {"image": [SAMPLES[2].title]})
