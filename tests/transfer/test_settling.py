"""Statistics of batch norm are settled before anything is measured."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from explorer.transfer import training
from explorer.transfer.data.splitting import Split, split
from explorer.transfer.inputs import normalise, prepare_pixels
from explorer.transfer.settling import AT_ONCE, settle_norms
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, Trial
from explorer.zoo import load_model
from tests.transfer.making_pictures import coloured_pictures


def test_it_is_the_mean_and_variance_of_what_the_layer_reads() -> None:
    torch.manual_seed(0)
    x = 3 + 2 * torch.randn(AT_ONCE - 7, 4, 5, 5)
    norm = nn.BatchNorm2d(4, momentum=0.01).eval()
    before = norm.momentum
    settle_norms([norm], np.arange(len(x)), lambda places: norm(x[places]))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    torch.testing.assert_close(norm.running_mean, x.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(norm.running_var, x.var(dim=(0, 2, 3)))
    assert norm.momentum == before
    assert not norm.training


def test_many_pictures_count_alike() -> None:
    """One batch more than fits: a small rest must not weigh as much as a whole batch."""
    x = torch.arange(AT_ONCE + 2.0)[:, None]
    norm = nn.BatchNorm1d(1).eval()
    settle_norms([norm], np.arange(len(x)), lambda places: norm(x[places]))
    assert norm.running_mean is not None
    assert norm.running_mean.item() == pytest.approx(x.mean().item())


def test_a_single_picture_changes_nothing() -> None:
    norm = nn.BatchNorm1d(2).eval()
    settle_norms([norm], np.arange(1), lambda places: pytest.fail("nothing is to be computed"))
    assert norm.running_mean is not None
    assert norm.running_mean.tolist() == [0, 0]


def test_from_scratch_validation_is_measured_as_training_pictures_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a few steps a running average still holds its first values, and every picture would be of one class."""
    monkeypatch.setattr(training, "precision", lambda device: "float32")
    pictures = coloured_pictures(each=12, classes=3)
    parts = split(pictures.labels, 0)
    watched = Split(parts.training, parts.training, parts.training)
    recipe = Recipe(epochs=6, batch_size=12, learning_rate=3e-3, dropout=0.0)
    found = run_experiment(pictures, Trial("mini-resnet", "scratch", recipe, device="cpu"), parts=watched)
    assert found.curve.training_accuracy[-1] > 0.9
    assert found.curve.validation_accuracy[-1] > 0.9
    assert found.accuracy > 0.9


def test_the_weights_that_are_saved_hold_settled_statistics(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(training, "precision", lambda device: "float32")
    pictures = coloured_pictures(each=8)
    recipe = Recipe(epochs=1, batch_size=4, dropout=0.0)
    run_experiment(pictures, Trial("mini-resnet", "scratch", recipe, device="cpu"), folder=tmp_path)
    model = load_model("mini-resnet", "cpu", weights=(tmp_path / "weights.safetensors").read_bytes())
    places = split(pictures.labels, 0).training
    x = normalise(prepare_pixels(pictures, model.preprocessing)[places], model.preprocessing, torch.device("cpu"))
    norm = next(module for module in model.network.modules() if isinstance(module, nn.BatchNorm2d))
    seen: list[torch.Tensor] = []
    hook = norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        model.network(x)
    hook.remove()
    assert norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, seen[0].mean(dim=(0, 2, 3)), atol=1e-4, rtol=1e-4)


def test_a_schedule_follows_the_time_where_that_ends_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()
    monkeypatch.setattr(training.time, "perf_counter", lambda: 0.01 * next(clock))
    pictures = coloured_pictures(each=10)
    recipe = Recipe(epochs=500, seconds=1.0, batch_size=4, dropout=0.0)
    found = run_experiment(pictures, Trial("tiny-vgg", "full", recipe, device="cpu"))
    assert found.stopped == "time budget"
    assert 1 < found.curve.epochs[-1] < 500
    assert max(found.curve.rate) > 0.5 * recipe.learning_rate
    assert found.curve.rate[-1] < 0.1 * recipe.learning_rate


def test_few_pictures_are_passed_over_until_there_are_enough_steps() -> None:
    assert Recipe(epochs=10, steps=300).passes(2) == 150
    assert Recipe(epochs=10, steps=300).passes(94) == 10
    pictures = coloured_pictures(each=5)
    recipe = Recipe(epochs=1, steps=7, batch_size=4, dropout=0.0)
    found = run_experiment(pictures, Trial("mini-resnet", "head", recipe, device="cpu"))
    assert found.steps == found.curve.steps[-1] >= 7
