"""What is taken home: the safetensors file and its card, the ONNX file, the script."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

import explorer.transfer.onnx_file as onnx_file
from explorer.transfer.data.sources import read_zip
from explorer.transfer.exporting import as_card, as_safetensors, card_text, file_stem
from explorer.transfer.onnx_file import ExportFailed, as_onnx, onnx_in_a_process
from explorer.transfer.script import as_script
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, Trial
from explorer.zoo import Preprocessing, VisionModel, load_model, read_card
from explorer.zoo.weights import WeightsRejected, read_weights
from tests.transfer.making_pictures import coloured_pictures

pytestmark = pytest.mark.usefixtures("operators_read_once")
QUICK = Recipe(epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def pictures():
    return coloured_pictures(each=10)


@pytest.fixture(scope="module", params=["head", "truncated", "full"])
def trained(request, pictures, tmp_path_factory):
    """The experiment and its file."""
    folder = tmp_path_factory.mktemp(request.param)
    trial = Trial("mini-resnet" if request.param == "full" else "tiny-vgg", request.param, QUICK, device="cpu")
    experiment = run_experiment(pictures, trial, folder=folder)
    return experiment, (folder / "weights.safetensors").read_bytes()


@pytest.fixture(scope="module")
def small(pictures, tmp_path_factory):
    """A trained head on the smallest network."""
    folder = tmp_path_factory.mktemp("small")
    experiment = run_experiment(pictures, Trial("tiny-vgg", "head", QUICK, device="cpu"), folder=folder)
    return experiment, (folder / "weights.safetensors").read_bytes()


def make_model(network: nn.Module, side: int = 8) -> VisionModel:
    preprocessing = Preprocessing(side, side, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3))
    return VisionModel("toy", "toy", network.eval().requires_grad_(False), preprocessing, ("a", "b", "c"), {})


def test_the_file_opens_by_itself_names_its_classes_and_holds_its_card(trained):
    experiment, weights = trained
    model = load_model(experiment.trial.network, "cpu", weights)
    data = as_safetensors(weights, as_card(experiment, model, "Colours"))

    again = load_model(experiment.trial.network, "cpu", data)
    assert again.classes == experiment.classes == ("red", "blue")
    before, after = model.network.state_dict(), again.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert json.loads(read_weights(data)[1]["card"])["classes"] == ["red", "blue"]
    card = as_card(experiment, model, "Colours")
    assert all(as_safetensors(weights, card) == data for _ in range(8))  # a card names the digest of the file


def test_the_card_says_what_cards_of_models_say_and_what_was_measured(trained):
    experiment, weights = trained
    model = load_model(experiment.trial.network, "cpu", weights)
    card = as_card(experiment, model, "Colours", datetime.date(2026, 1, 2))

    shipped = read_card(experiment.trial.network)
    assert shipped.keys() - card.keys() == {"sha256"}  # that one is in the card's own file only
    assert Trial.from_dict(card["training"]["trial"]) == experiment.trial
    assert card["accuracy"]["value"] == experiment.accuracy == card["accuracy"]["right"] / experiment.test
    assert f"{experiment.test} pictures" in card["accuracy"]["split"]
    assert card["parameters"] == sum(weight.numel() for weight in model.network.parameters())
    assert (card["input_size"], card["mean"], card["std"]) == (shipped["input_size"], shipped["mean"], shipped["std"])
    assert card["date"] == "2026-01-02"
    assert card["versions"]["torch"] == torch.__version__

    data = as_safetensors(weights, card)
    written = json.loads(card_text(card, data))
    assert written.pop("sha256") == hashlib.sha256(data).hexdigest()
    assert written == json.loads(json.dumps(card))


def test_what_is_no_weights_file_is_refused(trained):
    with pytest.raises(WeightsRejected):
        as_safetensors(trained[1][:200], {})


def test_files_are_named_after_the_trial():
    experiment = type("E", (), {"trial": Trial("tiny-vgg", "full", seed=2, share=0.25)})()
    assert file_stem(experiment) == "tiny-vgg-full-seed-2-25-percent"


def test_onnx_gives_the_logits_of_pytorch_for_any_number_of_pictures(small):
    model = load_model("tiny-vgg", "cpu", small[1])
    data = as_onnx(model)

    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (model.preprocessing.mean, model.preprocessing.std))
    for count in (1, 2, 5):
        pixels = torch.rand(count, 3, 32, 32)
        given = session.run(["logits"], {"pixels": pixels.numpy()})[0]
        expected = model.network((pixels - mean) / std).numpy()
        np.testing.assert_allclose(given, expected, atol=1e-4, rtol=0)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["classes"]) == ["red", "blue"]
    assert about["network"] == "tiny-vgg"
    preprocessing = json.loads(about["preprocessing"])
    assert preprocessing["input_size"] == 32
    assert preprocessing["range"] == [0, 1]
    assert preprocessing["mean"] == list(model.preprocessing.mean)


def test_the_onnx_file_does_not_tell_where_it_was_made():
    data = as_onnx(make_model(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))))
    assert b".py" not in data
    assert b"stack_trace" not in data


class _Unwritable(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :3] if x.sum().item() > 0 else x.flatten(1)[:, 3:6]  # depends on the values


def test_what_cannot_be_written_is_said_in_one_sentence():
    with pytest.raises(ExportFailed, match=r"^toy cannot be written as ONNX") as failed:
        as_onnx(make_model(_Unwritable()))
    assert "\n" not in str(failed.value)


def test_a_network_larger_than_onnx_holds_is_refused(monkeypatch):
    monkeypatch.setattr(onnx_file, "_MOST_BYTES", 1000)
    with pytest.raises(ExportFailed, match="larger than the 2 GB"):
        as_onnx(make_model(nn.Sequential(nn.Flatten(), nn.Linear(192, 3))))


def test_a_process_of_its_own_writes_the_file_or_says_why_not(small, monkeypatch):
    data = onnx_in_a_process("tiny-vgg", small[1])
    assert onnxruntime.InferenceSession(data).get_inputs()[0].shape[1:] == [3, 32, 32]

    with pytest.raises(ExportFailed, match=r"tiny-vgg was not written as ONNX \(.*WeightsRejected"):
        onnx_in_a_process("tiny-vgg", b"no weights")
    with pytest.raises(ExportFailed, match=r"not written as ONNX within 0 s\.$"):
        onnx_in_a_process("tiny-vgg", small[1], seconds=0.01)


def test_the_script_trains_the_same_and_prints_the_same_accuracy(trained, pictures, tmp_path, monkeypatch):
    experiment, weights = trained
    (tmp_path / "pictures.zip").write_bytes(pictures.to_zip())
    monkeypatch.chdir(tmp_path)
    printed, names = io.StringIO(), {}
    with contextlib.redirect_stdout(printed):
        exec(compile(as_script(experiment.trial), "script", "exec"), names)

    again = names["experiment"]
    assert printed.getvalue().startswith(f"{experiment.accuracy:.2%}: {experiment.right.sum()} of {experiment.test} ")
    np.testing.assert_allclose(again.test_probabilities, experiment.test_probabilities, atol=1e-5)
    state, old = (read_weights(each)[0] for each in ((names["folder"] / "weights.safetensors").read_bytes(), weights))
    assert all(torch.allclose(state[key], old[key], atol=1e-5) for key in old)


def test_a_script_of_another_recipe_has_a_folder_of_its_own():
    scripts = [as_script(Trial("tiny-vgg", "head", Recipe(epochs=epochs))) for epochs in (2, 3)]
    folders = [next(line for line in script.splitlines() if line.startswith("folder")) for script in scripts]
    assert folders[0] != folders[1]


def test_a_script_reads_built_in_pictures_where_it_is_told_to():
    script = as_script(Trial("tiny-vgg", "head"), 'pictures = load_built_in("digits", count=60)')
    compile(script, "script", "exec")
    assert "from explorer.transfer.data.sources import load_built_in\n" in script
    assert "read_zip" not in script


def test_a_zip_read_again_has_the_same_order(pictures):
    again = read_zip(pictures.to_zip(), "again").pictures
    assert again.key == pictures.key
