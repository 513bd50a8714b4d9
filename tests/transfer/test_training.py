"""Training against a plain PyTorch loop, and what must survive: other strategies' layers, a kill, a stop, a file."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from explorer.images import open_image
from explorer.jobs.order import Context
from explorer.transfer import training
from explorer.transfer.data.splitting import Split, split
from explorer.transfer.experiment import Experiment
from explorer.transfer.inputs import batches, normalise, prepare_pixels
from explorer.transfer.run import rate_share
from explorer.transfer.strategies import adapt
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import STRATEGIES, Recipe, TransferRejected, Trial
from explorer.transfer.work import do_trial
from explorer.zoo import load_model
from tests.transfer.making_pictures import coloured_pictures

SHORT = Recipe(epochs=2, batch_size=4, dropout=0.0)
NETWORK = "mini-resnet"


@pytest.fixture(autouse=True)
def plain_precision(monkeypatch):
    """Results that another loop gives too."""
    monkeypatch.setattr(training, "precision", lambda device: "float32")


@pytest.fixture(scope="module")
def pictures():
    return coloured_pictures(each=6)


def weights_of(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_new_head_is_trained_just_as_a_plain_loop_trains_it(pictures):
    recipe = Recipe(optimiser="sgd", learning_rate=0.05, epochs=3, batch_size=4, dropout=0.0, weight_decay=1e-3)
    trial = Trial(NETWORK, "head", recipe, seed=5, device="cpu")
    found = run_experiment(pictures, trial)

    model = load_model(NETWORK, "cpu")
    adapted = adapt(model, pictures.classes, "head", 0, 5)
    network, parts = adapted.network, split(pictures.labels, 0)
    x = normalise(prepare_pixels(pictures, model.preprocessing), model.preprocessing, torch.device("cpu"))
    y = torch.from_numpy(pictures.labels)
    head = network.get_submodule(adapted.head)
    optimiser = torch.optim.SGD(
        [{"params": [head.weight], "weight_decay": 1e-3}, {"params": [head.bias], "weight_decay": 0.0}],
        lr=0.05,
        momentum=0.9,
        nesterov=True,
    )
    order = torch.Generator().manual_seed(5)
    step, losses, best, best_loss = 0, [], None, math.inf
    for epoch in range(4):
        if epoch:
            seen = []
            for places in batches(parts.training, 4, order):
                for group in optimiser.param_groups:
                    group["lr"] = 0.05 * rate_share(recipe, step, found.steps)
                loss = F.cross_entropy(network(x[places]), y[places])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                step += 1
                seen.append(loss.item())
            losses.append(np.mean(seen))
        with torch.no_grad():
            watched = F.cross_entropy(network(x[parts.validation]), y[parts.validation]).item()
            if watched < best_loss:
                best_loss, best = watched, network(x[parts.test]).softmax(dim=1).numpy()
    assert found.steps == step
    np.testing.assert_allclose(found.curve.loss[1:], losses, rtol=1e-4)
    np.testing.assert_allclose(found.test_probabilities, best, atol=1e-5)
    assert found.cached


@pytest.mark.parametrize("strategy", ["head", "truncated"])
def test_kept_features_change_nothing(pictures, strategy):
    trial = Trial(NETWORK, strategy, SHORT, device="cpu")
    kept, anew = (run_experiment(pictures, trial, cache=cache) for cache in (True, False))
    assert (kept.cached, anew.cached) == (True, False)
    np.testing.assert_allclose(kept.test_probabilities, anew.test_probabilities, atol=1e-5)
    np.testing.assert_allclose(kept.curve.loss, anew.curve.loss, rtol=1e-4)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_is_saved_opens_as_own_weights_and_answers_the_same_on_the_same_files(pictures, strategy, tmp_path):
    trial = Trial(NETWORK, strategy, SHORT, device="cpu")
    found = run_experiment(pictures, trial, folder=tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["answers.npz", "experiment.json", "weights.safetensors"]
    opened = load_model(NETWORK, "cpu", weights=(tmp_path / "weights.safetensors").read_bytes())
    assert opened.classes == pictures.classes
    x = torch.cat([opened.preprocessing.tensor(open_image(pictures.files[place])) for place in found.test_places])
    with torch.inference_mode():
        answers = opened.network(x).softmax(dim=1).numpy()
    np.testing.assert_allclose(answers, found.test_probabilities, atol=1e-5)
    assert (found.test_labels == pictures.labels[found.test_places]).all()
    read = Experiment.load(tmp_path)
    assert read.to_json() == found.to_json()
    assert (read.test_probabilities == found.test_probabilities).all()
    assert found.parameters == opened.parameters
    assert 0 < found.trainable <= found.parameters


def test_each_strategy_changes_what_it_says_and_nothing_else(pictures):
    before = weights_of(load_model(NETWORK, "cpu").network)
    head = run_experiment(pictures, Trial(NETWORK, "head", SHORT, device="cpu"))
    full = run_experiment(pictures, Trial(NETWORK, "full", SHORT, device="cpu"))
    scratch = run_experiment(pictures, Trial(NETWORK, "scratch", SHORT, device="cpu"))
    assert max(head.moved.values()) == 0
    assert min(full.moved.values()) >= 0
    assert max(full.moved.values()) > 0
    assert not scratch.moved
    assert head.trainable < full.trainable <= full.parameters
    after = weights_of(load_model(NETWORK, "cpu").network)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_full_fine_tuning_leaves_pretrained_batch_statistics(pictures, tmp_path):
    run_experiment(pictures, Trial(NETWORK, "full", SHORT, device="cpu"), folder=tmp_path)
    opened = load_model(NETWORK, "cpu", weights=(tmp_path / "weights.safetensors").read_bytes()).network.state_dict()
    before = load_model(NETWORK, "cpu").network.state_dict()
    statistics = [name for name in before if name.endswith(("running_mean", "running_var"))]
    assert all(torch.equal(before[name], opened[name]) for name in statistics)


def test_it_learns_what_anybody_sees():
    pictures = coloured_pictures(each=15, classes=3)
    for strategy in ("head", "full", "truncated"):
        recipe = Recipe(epochs=8, batch_size=8, learning_rate=3e-3)
        assert run_experiment(pictures, Trial("tiny-vgg", strategy, recipe, device="cpu")).accuracy == 1.0


class _KilledError(Exception):
    pass


@pytest.mark.parametrize("strategy", ["head", "full", "gradual"])
@pytest.mark.parametrize("recipe", [replace(SHORT, epochs=4, dropout=0.3), replace(SHORT, epochs=4, optimiser="sgd")])
def test_a_killed_training_goes_on_as_if_nothing_had_happened(pictures, strategy, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_EVERY", 0.0)
    monkeypatch.setattr(training, "TELL_EVERY", 0.0)
    trial = Trial(NETWORK, strategy, recipe, device="cpu")
    whole = run_experiment(pictures, trial)

    def kill(event):
        if "experiment" in event and len(json.loads(event["experiment"])["curve"]["epochs"]) == 4:
            raise _KilledError

    with pytest.raises(_KilledError):
        run_experiment(pictures, trial, folder=tmp_path, progress=kill)
    assert (tmp_path / "checkpoint.pt").is_file()
    begun = []
    resumed = run_experiment(pictures, trial, folder=tmp_path, progress=begun.append)
    assert resumed.curve.epochs == (0, 1, 2, 3, 4)
    np.testing.assert_allclose(resumed.curve.loss, whole.curve.loss, rtol=1e-5)
    np.testing.assert_allclose(resumed.test_probabilities, whole.test_probabilities, atol=1e-6)
    first = next(json.loads(event["experiment"]) for event in begun if "experiment" in event)
    assert first["curve"]["epochs"][:3] == [0, 1, 2]  # what was done before was not done again
    assert len(first["curve"]["epochs"]) == 4
    assert not (tmp_path / "checkpoint.pt").exists()


def test_a_finished_training_is_only_read(pictures, tmp_path):
    trial = Trial(NETWORK, "head", SHORT, device="cpu")
    found = run_experiment(pictures, trial, folder=tmp_path)
    told = []
    again = run_experiment(pictures, trial, folder=tmp_path, progress=told.append)
    assert again.to_json() == found.to_json()
    assert told == []


def test_a_stop_keeps_what_is_there(pictures):
    asked = []

    def stopping():
        asked.append(1)
        return len(asked) >= 4

    recipe = replace(SHORT, epochs=50)
    found = run_experiment(pictures, Trial(NETWORK, "head", recipe, device="cpu"), stopping=stopping)
    assert found.stopped == "stopped"
    assert found.curve.steps[-1] == 4
    assert found.finished


def test_a_time_budget_ends_a_training(pictures):
    recipe = replace(SHORT, epochs=500, seconds=0.3)
    found = run_experiment(pictures, Trial(NETWORK, "head", recipe, device="cpu"))
    assert found.stopped == "time budget"
    assert found.finished
    assert found.curve.epochs[-1] < 500


def test_early_stopping_and_the_best_epoch(pictures):
    recipe = Recipe(optimiser="sgd", learning_rate=10.0, epochs=40, batch_size=4, patience=0.05, schedule="constant")
    trial = Trial(NETWORK, "head", recipe, device="cpu")
    found = run_experiment(pictures, trial)
    losses = found.curve.validation_loss
    best = int(np.argmin(losses))
    assert found.stopped == "early stopping"
    assert len(losses) - 1 - best == 2
    parts = split(pictures.labels, 0)
    swapped = Split(parts.training, parts.validation, parts.validation)  # measured on what was watched
    measured = run_experiment(pictures, trial, parts=swapped)
    loss = -np.log(measured.test_probabilities[np.arange(len(parts.validation)), measured.test_labels]).mean()
    assert loss == pytest.approx(min(losses), rel=1e-3, abs=1e-6)


def test_without_validation_pictures_the_last_epoch_counts(pictures):
    places = np.arange(len(pictures.labels), dtype=np.int64)
    found = run_experiment(
        pictures, Trial(NETWORK, "head", SHORT, device="cpu"), parts=Split(places[::2], places[:0], places[1::2])
    )
    assert found.validation == 0
    assert all(math.isnan(loss) for loss in found.curve.validation_loss)
    assert found.accuracy >= 0.5
    assert Experiment.from_json(found.to_json()).curve.epochs == (0, 1, 2)


def test_gradual_unfreezing_moves_late_layers_first(pictures):
    early = run_experiment(pictures, Trial(NETWORK, "gradual", replace(SHORT, epochs=1), device="cpu"))
    late = run_experiment(pictures, Trial(NETWORK, "gradual", replace(SHORT, epochs=6), device="cpu"))
    assert max(early.moved.values()) == 0  # the first epoch trains the head alone
    moved = list(late.moved.values())
    assert moved[-1] > 0


def test_a_pipeline_changes_what_is_learned_from_but_not_what_is_judged(pictures):
    from explorer.augmentation import EXAMPLE

    plain = Trial(NETWORK, "head", SHORT, device="cpu")
    drawn = replace(plain, recipe=replace(SHORT, pipeline=EXAMPLE.to_json()))
    without, with_it = run_experiment(pictures, plain), run_experiment(pictures, drawn)
    assert not with_it.cached
    assert with_it.curve.validation_loss[0] == pytest.approx(without.curve.validation_loss[0], rel=1e-4)
    assert with_it.curve.loss[1] != without.curve.loss[1]


def test_the_global_random_state_is_left_alone(pictures):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    run_experiment(pictures, Trial(NETWORK, "full", replace(SHORT, epochs=1, dropout=0.5), device="cpu"))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("schedule", ["cosine", "step", "constant"])
def test_the_rate_rises_once_and_then_never(schedule):
    recipe = Recipe(schedule=schedule)
    shares = [rate_share(recipe, step, 100) for step in range(100)]
    assert shares[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert all(later <= sooner for sooner, later in pairwise(shares[4:]))
    assert all(0 < share <= 1 for share in shares)
    if schedule == "step":
        assert {round(share, 6) for share in shares[5:]} == {1.0, 0.1, 0.01}
    if schedule == "cosine":
        assert shares[-1] < 1e-3


@pytest.mark.parametrize("changed", [{"epochs": 0}, {"dropout": 1.0}, {"learning_rate": -1.0}, {"optimiser": "lion"}])
def test_a_recipe_out_of_range_is_refused_in_one_sentence(changed):
    with pytest.raises(TransferRejected, match="out of range"):
        Recipe(**changed)


def test_a_trial_survives_json_and_other_json_is_refused():
    trial = Trial(NETWORK, "norm", Recipe(optimiser="sgd"), seed=3, share=0.5, kept=2)
    assert Trial.from_dict(json.loads(trial.to_json())) == trial
    with pytest.raises(TransferRejected):
        Trial.from_dict({"network": "x"})
    with pytest.raises(TransferRejected):
        Trial.from_dict({**trial.to_dict(), "surprise": 1})


def test_a_job_trains_the_pictures_that_came_with_it(pictures, tmp_path):
    inputs, folder = tmp_path / "inputs", tmp_path / "0"
    inputs.mkdir()
    folder.mkdir()
    (inputs / "pictures.zip").write_bytes(pictures.to_zip())
    trial = Trial(NETWORK, "head", SHORT, device="cpu")
    events = []
    do_trial(Context(0, {"trial": trial.to_dict()}, inputs, folder, events.append, lambda: False))
    direct = run_experiment(pictures, trial)
    found = Experiment.load(folder)
    np.testing.assert_allclose(found.test_probabilities, direct.test_probabilities, atol=1e-6)
    assert any("experiment" in event for event in events)
