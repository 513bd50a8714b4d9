import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import explorer.transfer.onnx_file as onnx_file
from explorer.images import open_image
from explorer.jobs.order import JobUnknown
from explorer.transfer.data.sources import read_zip
from explorer.transfer.experiment import Experiment
from explorer.transfer.script import as_script
from explorer.ui.transfer.download import show_downloads
from explorer.zoo import list_shipped, load_model
from tests.pages.opening import ROOT, SECONDS, Browser, run, run_snippet
from tests.pages.toy_trainings import Trainings, make_trainings


@pytest.fixture(scope="module")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    return make_trainings(tmp_path_factory.mktemp("trainings"), "tiny-vgg", "head", "full")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The exporter in this process, which other tests do not share; names of what it wrote."""
    names: list[str] = []

    def write(network: str, weights: bytes) -> bytes:
        names.append(network)
        return onnx_file.as_onnx(load_model(network, "cpu", weights))

    monkeypatch.setattr(onnx_file, "onnx_in_a_process", write)
    return names


def open_layers(**state: Any) -> AppTest:
    app = AppTest.from_file(ROOT / "pages" / "layers.py", default_timeout=SECONDS)
    for key, value in state.items():
        app.session_state[key] = value
    return run(app)


def sidebar_text(app: AppTest) -> str:
    return "\n".join(each.value for each in [*app.sidebar.markdown, *app.sidebar.text])


def test_everything_is_handed_over_and_says_the_same(
    trainings: Trainings,
    browser_side: Browser,
    written: list[str],
    photo_bytes: bytes,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = run(trainings.open(show_downloads, {"training": "Full fine-tuning, seed 0"}))
    experiment = trainings.experiments[1]
    assert f"**{100 * experiment.accuracy:.1f} %**" in app.markdown[0].value
    assert "take-onnx" not in browser_side.downloads
    assert not written

    _, weights, name = browser_side.downloads["take-weights"]
    assert name == "tiny-vgg-full-seed-0.safetensors"
    data = weights()
    card = json.loads(browser_side.downloads["take-card"][1]())
    assert card["sha256"] == hashlib.sha256(data).hexdigest()
    assert card["training"]["trial"]["strategy"] == "full"
    assert load_model("tiny-vgg", "cpu", data).classes == ("red", "blue")
    assert browser_side.downloads["take-script"][1] == as_script(experiment.trial)
    assert read_zip(browser_side.downloads["take-pictures"][1](), "x").pictures.key == trainings.pictures.key

    run(app.button(key="write-onnx").click())
    _, onnx, onnx_name = browser_side.downloads["take-onnx"]
    assert written == ["tiny-vgg"]
    monkeypatch.chdir(tmp_path)
    for file, content in ((name, data), (onnx_name, onnx), ("photo.jpg", photo_bytes)):
        (tmp_path / file).write_bytes(content)
    mine, theirs = (run_snippet(code.value)[0] for code in app.code[:2])
    np.testing.assert_allclose(mine["probabilities"], theirs["probabilities"], atol=1e-4)
    model = load_model("tiny-vgg", "cpu", trainings.weights_of(experiment))
    logits = model.network(model.preprocessing.tensor(open_image(photo_bytes)))
    np.testing.assert_allclose(mine["probabilities"], logits.softmax(1)[0].numpy(), atol=1e-5)

    # Another training's ONNX file has not been asked for.
    browser_side.downloads.clear()
    run(app.selectbox(key="training").set_value("New head, frozen backbone, seed 0"))
    assert "take-onnx" not in browser_side.downloads
    assert browser_side.downloads["take-weights"][2] == "tiny-vgg-head-seed-0.safetensors"


def test_an_export_that_fails_is_one_sentence_and_loses_nothing(
    trainings: Trainings, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(network: str, weights: bytes) -> bytes:
        raise onnx_file.ExportFailed("It cannot be.")

    monkeypatch.setattr(onnx_file, "onnx_in_a_process", fail)
    app = run(trainings.open(show_downloads))
    run(app.button(key="write-onnx").click())
    assert [error.value for error in app.error] == ["It cannot be."]
    assert "take-onnx" not in browser_side.downloads
    assert {"take-weights", "take-card", "take-script", "take-pictures"} <= browser_side.downloads.keys()


def test_a_network_trained_here_is_what_every_page_looks_through(trainings: Trainings, browser_side: Browser) -> None:
    app = run(trainings.open(show_downloads))
    run(app.button(key="open_elsewhere").click())
    assert app.session_state["model"] == "tiny-vgg"
    assert app.button(key="open_elsewhere").disabled
    assert "Every page" in app.success[0].value

    layers = open_layers(trained_weights=app.session_state["trained_weights"], model="tiny-vgg")
    assert "in use" in sidebar_text(layers)
    assert "colours: new head, frozen backbone, seed 0" in sidebar_text(layers)
    (network,) = browser_side.networks.values()
    shown = dict(network["probabilities"])
    assert shown.keys() == {"red", "blue"}
    assert any("weights=Path('weights.safetensors')" in code.value for code in layers.code)

    run(layers.sidebar.button(key="leave_trained").click())
    assert "not in use" in sidebar_text(layers)
    assert len(dict(browser_side.networks.popitem()[1]["probabilities"])) == 10
    run(layers.sidebar.selectbox(key="model").set_value(list_shipped()[0]))
    run(layers.sidebar.button(key="use_trained").click())  # it brings its network along
    assert layers.session_state["model"] == "tiny-vgg"
    assert dict(browser_side.networks.popitem()[1]["probabilities"]).keys() == shown.keys()

    run(layers.sidebar.selectbox(key="model").set_value(list_shipped()[0]))
    assert "not in use" in sidebar_text(layers)  # weights of another architecture
    run(layers.sidebar.button(key="drop_trained").click())
    assert "Trained here" not in sidebar_text(layers)
    assert "trained_weights" not in layers.session_state


def test_weights_that_the_server_has_let_go_are_kept_by_the_session(
    trainings: Trainings, browser_side: Browser
) -> None:
    from explorer.ui.session.subject import keep_weights
    from explorer.ui.session.trained_weights import TrainedWeights

    data = trainings.weights_of(trainings.experiments[0])
    kept = TrainedWeights("tiny-vgg", "mine", data, hashlib.sha256(data).hexdigest())
    for number in range(5):
        keep_weights(f"other {number}", b"")
    open_layers(trained_weights=kept, model="tiny-vgg")
    assert dict(next(iter(browser_side.networks.values()))["probabilities"]).keys() == {"red", "blue"}


@pytest.mark.parametrize("problem", [FileNotFoundError("gone"), JobUnknown("gone")])
def test_weights_that_have_gone_are_said(
    trainings: Trainings, problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: Trainings, experiment: Experiment) -> bytes:
        raise problem

    monkeypatch.setattr(Trainings, "weights_of", gone)
    app = run(trainings.open(show_downloads))
    assert [each.value for each in app.warning] == [
        "The weights of this training are no longer on the server; train it again."
    ]
    assert not app.code


def test_before_anything_is_trained_the_page_says_what_to_do(trainings: Trainings) -> None:
    started = replace(trainings.experiments[0], test_labels=np.zeros(0, np.int64))
    app = run(replace(trainings, experiments=(started,)).open(show_downloads))
    assert "Train something first" in app.info[0].value
