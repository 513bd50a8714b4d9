"""A trained classifier is tried as soon as there is one: on the sidebar's picture, a new photo, or a camera's frame."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, Trial
from explorer.transfer.work import make_inputs, make_order
from explorer.ui.components.live_camera import sent_frame
from explorer.ui.session import jobs as session_jobs
from explorer.zoo import load_model
from tests.pages.opening import open_page, run
from tests.pages.toy_jobs import ToyJobs
from tests.transfer.making_pictures import coloured_pictures

NETWORK = "tiny-vgg"
NAMED = ("*red* `x`", "[blue](b)")


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ToyJobs, str, PictureSet]:
    """A job with two trainings, of which the first one has ended, on classes with names that look like Markdown."""
    toys = ToyJobs(tmp_path)
    monkeypatch.setattr(session_jobs, "open_jobs", lambda: toys)
    plain = coloured_pictures(each=8)
    pictures = PictureSet("Colours", plain.files, plain.names, plain.labels, NAMED)
    recipe = Recipe(epochs=4, batch_size=4, learning_rate=3e-3, dropout=0.0)
    trials = [Trial(NETWORK, strategy, recipe, device="cpu") for strategy in ("head", "full")]
    name = toys.submit(make_order(trials, "me"), make_inputs(pictures, trials))
    experiment = run_experiment(pictures, trials[0], folder=toys.root / name / "0")
    toys.tell(name, 0, {"experiment": experiment.to_json()}, state="done")
    return toys, name, pictures


def test_the_first_one_that_is_done_stands_beside_the_run(trained: tuple[ToyJobs, str, PictureSet]) -> None:
    toys, name, _ = trained
    app = open_page("transfer", {"model": NETWORK, "job": name})
    assert not toys.statuses[name].finished
    assert "Try it" in [each.value for each in app.subheader]
    assert app.selectbox(key="training").value == "New head, frozen backbone, seed 0"
    charts = [json.loads(each.proto.spec) for each in app.get("plotly_chart")]
    bars = next(each for each in charts if each["layout"]["title"]["text"] == "Class probabilities")["data"][0]
    model = load_model(NETWORK, "cpu", weights=(toys.root / name / "0" / "weights.safetensors").read_bytes())
    from explorer.samples import SAMPLES
    from explorer.ui.session.pictures import get_picture

    x = model.preprocessing.tensor(get_picture(SAMPLES[0].title).intake.image)
    expected = sorted((100 * model.network(x).softmax(dim=1)[0]).tolist(), reverse=True)
    assert _values(bars["x"]) == pytest.approx(expected, abs=1e-3)
    assert any("It knows only" in each.value for each in app.text)
    assert not any(NAMED[0] in str(each.value) for each in [*app.markdown, *app.caption])


def test_a_part_of_its_own_opens_by_its_address(trained: tuple[ToyJobs, str, PictureSet]) -> None:
    app = open_page("transfer", {"model": NETWORK, "job": trained[1], "part": "Try it"})
    assert "Try it" in [each.value for each in app.subheader]
    run(app.segmented_control(key="try_with").set_value("camera"))
    assert not app.exception
    assert any("thrown away" in each.value for each in app.caption)


def test_a_frame_is_answered_by_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    model = load_model(NETWORK, "cpu")
    shares = model.probabilities(image)
    assert shares.sum() == pytest.approx(1)
    sent = {"number": 3, "file": base64.b64encode(buffer.getvalue()).decode()}
    monkeypatch.setattr(st, "session_state", {"camera": {"frame": sent}})
    frame = sent_frame("camera")
    assert frame is not None
    assert frame.number == 3
    assert frame.file == buffer.getvalue()


@pytest.mark.parametrize("sent", [None, "text", {"number": "x", "file": ""}, {"number": 1}, {"number": 1, "file": "§"}])
def test_what_no_camera_sends_is_no_frame(sent: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {"camera": {"frame": sent}})
    assert sent_frame("camera") is None
    monkeypatch.setattr(st, "session_state", {})
    assert sent_frame("camera") is None


def _values(column: object) -> list[float]:
    """Numbers of a figure's column, which is a list or packed."""
    if isinstance(column, dict):
        return np.frombuffer(base64.b64decode(column["bdata"]), column["dtype"]).tolist()
    return list(column)  # type: ignore[call-overload]
