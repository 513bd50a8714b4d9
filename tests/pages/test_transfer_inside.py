from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explorer.rendering import decode_png
from explorer.transfer.evaluation.inside import MOST_POINTS, choose_places
from explorer.transfer.features import features_of
from explorer.ui.transfer.inside import show_inside
from explorer.zoo import load_model
from tests.pages.opening import Browser, run, run_snippet, texts_of
from tests.pages.toy_trainings import Trainings, make_trainings

LABELS = {
    "full": "Full fine-tuning, seed 0",
    "head": "New head, frozen backbone, seed 0",
    "scratch": "From scratch, seed 0",
    "truncated": "Truncated, first stages frozen, seed 0",
}


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    return make_trainings(tmp_path_factory.mktemp("trainings"), "tiny-vgg", *LABELS)


def open_inside(trainings: Trainings, strategy: str, view: str, **address: str) -> AppTest:
    return run(trainings.open(show_inside, {"training": LABELS[strategy], "view": view, **address}))


def picture(side: Browser, key: str) -> np.ndarray:
    png = side.downloads[f"{key}-png"][1]
    return decode_png(png() if callable(png) else png)


@pytest.fixture
def beside_files(trainings: Trainings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with what the page hands over, which its code reads."""
    (tmp_path / "pictures.zip").write_bytes(trainings.pictures.to_zip())
    for each in trainings.experiments:
        name = f"tiny-vgg-{each.trial.strategy}-seed-0.safetensors"
        (tmp_path / name).write_bytes(trainings.weights_of(each))
    monkeypatch.chdir(tmp_path)


def test_layers_have_moved_as_far_as_the_training_says(
    trainings: Trainings, browser_side: Browser, beside_files: None
) -> None:
    app = open_inside(trainings, "full", "Weights")
    moved = trainings.experiments[0].moved
    arrays = browser_side.arrays("movement")
    assert dict(zip(arrays["layers"].tolist(), arrays["distance"].tolist(), strict=True)) == pytest.approx(moved)
    assert f"**{len(moved)} of {len(moved)} pretrained layers moved**" in texts_of(app)
    again = run_snippet(app.code[0].value)[0]["moved"]
    assert list(again.distance) == arrays["layers"].tolist()
    np.testing.assert_allclose(list(again.likeness.values()), arrays["likeness"])
    assert picture(browser_side, "movement").shape[0] > 100


def test_frozen_layers_and_a_training_from_scratch_are_explained(trainings: Trainings, browser_side: Browser) -> None:
    app = open_inside(trainings, "head", "Weights")
    assert "**No pretrained layer moved**" in texts_of(app)
    run(app.selectbox(key="training").set_value(LABELS["scratch"]))
    assert "nothing begins pretrained" in texts_of(app)
    assert not app.code


@pytest.mark.parametrize(("strategy", "method"), [("full", "PCA"), ("truncated", "PCA"), ("scratch", "PCA")])
def test_pictures_are_points_before_and_after(
    trainings: Trainings, browser_side: Browser, beside_files: None, strategy: str, method: str
) -> None:
    app = open_inside(trainings, strategy, "Features", projection=method, points="All pictures")
    arrays = browser_side.arrays("features")
    experiment = next(each for each in trainings.experiments if each.trial.strategy == strategy)
    after = load_model("tiny-vgg", "cpu", trainings.weights_of(experiment))
    np.testing.assert_array_equal(arrays["places"], np.arange(20))
    np.testing.assert_allclose(
        arrays["features_after"], features_of(after, trainings.pictures, np.arange(20)), atol=1e-5
    )
    assert not np.allclose(arrays["features_before"], arrays["features_after"])
    names = run_snippet(app.code[0].value)[0]
    np.testing.assert_allclose(names["features"], arrays["features_after"], atol=1e-5)
    np.testing.assert_allclose(np.abs(names["points"]), np.abs(arrays["points_after"]), atol=1e-3)
    assert "Silhouette" in texts_of(app)
    assert picture(browser_side, "features").ndim == 3


def test_frozen_features_are_the_same_and_tsne_needs_pictures(trainings: Trainings, browser_side: Browser) -> None:
    app = open_inside(trainings, "head", "Features")
    assert "**The features are the same**" in texts_of(app)
    arrays = browser_side.arrays("features")
    np.testing.assert_array_equal(arrays["places"], trainings.experiments[1].test_places)
    np.testing.assert_array_equal(arrays["features_before"], arrays["features_after"])
    run(app.segmented_control(key="projection").set_value("tsne"))
    assert [error.value for error in app.error] == ["t-SNE needs at least 5 pictures; there are 4."]
    run(app.segmented_control(key="points").set_value("all"))
    assert not app.error
    assert browser_side.arrays("features")["points_after"].shape == (20, 2)


def test_a_layer_shows_its_maps_before_and_after(
    trainings: Trainings, browser_side: Browser, beside_files: None
) -> None:
    app = open_inside(trainings, "full", "Maps", inside_layer="features.conv1_2", inside_scale="All maps")
    arrays = browser_side.arrays("maps")
    place = int(trainings.experiments[0].test_places[0])
    model = load_model("tiny-vgg", "cpu", trainings.weights_of(trainings.experiments[0]))
    x = model.preprocessing.tensor(trainings.pictures.image(place))
    np.testing.assert_allclose(arrays["after"], model.network.features[:3](x)[0].numpy(), atol=1e-5)
    own = load_model("tiny-vgg", "cpu").network
    np.testing.assert_allclose(arrays["before"], own.features[:3](x)[0].numpy(), atol=1e-5)
    names = run_snippet(app.code[0].value)[0]
    np.testing.assert_allclose(names["maps"].after, arrays["after"], atol=1e-5)
    np.testing.assert_allclose(names["maps"].before, arrays["before"], atol=1e-5)
    assert "24 of 24 maps changed" in texts_of(app)
    grids = picture(browser_side, "maps")
    assert grids.shape[1] > 2.5 * grids.shape[0]
    assert "After training the network says" in texts_of(app)


def test_frozen_layers_make_the_same_maps_and_addresses_with_nonsense_open(
    trainings: Trainings, browser_side: Browser
) -> None:
    app = open_inside(trainings, "truncated", "Maps", inside_layer="features.conv1_1", inside_picture="nothing")
    assert "**nothing changed**" in texts_of(app)
    app = open_inside(trainings, "truncated", "Maps", inside_layer="classifier")
    assert app.session_state["inside_layer"] != "classifier"  # the truncated network has none


def test_no_more_points_than_one_waits_for(trainings: Trainings) -> None:
    places = choose_places(trainings.experiments[0], 5000, "all")
    assert len(places) == len(set(places.tolist())) == MOST_POINTS
    assert (places[0], places[-1]) == (0, 4999)
