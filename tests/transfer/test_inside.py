"""What training changed inside: weights, features and maps, each against a plain computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.rendering.figures.movement import compare_maps, feature_scatter, movement_bars
from explorer.rendering.movement_pictures import movement_picture, scatter_picture
from explorer.rendering.overlay import decode_png
from explorer.transfer.evaluation.inside import (
    Maps,
    common_layers,
    in_execution_order,
    maps_of,
    moved_from_pretrained,
    project,
    separation,
    starting_network,
)
from explorer.transfer.evaluation.movement import likeness, movement
from explorer.transfer.features import features_of
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, TransferRejected, Trial
from explorer.zoo import load_model
from tests.transfer.making_pictures import coloured_pictures

QUICK = Recipe(epochs=1, batch_size=8, learning_rate=0.01)


@pytest.fixture(scope="module")
def pictures():
    return coloured_pictures(each=10)


@pytest.fixture(scope="module")
def train(pictures, tmp_path_factory):
    """From a strategy to its experiment and the trained network; each is trained once."""
    done = {}

    def run(strategy, network="mini-resnet"):
        if strategy not in done:
            folder = tmp_path_factory.mktemp(strategy)
            experiment = run_experiment(pictures, Trial(network, strategy, QUICK, seed=1, device="cpu"), folder=folder)
            data = (folder / "weights.safetensors").read_bytes()
            done[strategy] = experiment, load_model(network, "cpu", data)
        return done[strategy]

    return run


@given(st.integers(0, 2**31), st.floats(-0.9, 5.0))
def test_weights_that_are_scaled_move_by_the_scale_and_keep_their_direction(seed, scale):
    random = torch.Generator().manual_seed(seed)
    before = {"a.weight": torch.randn(3, 4, generator=random), "a.bias": torch.randn(3, generator=random)}
    after = {key: (1 + scale) * value for key, value in before.items()}
    assert movement(before, after)["a"] == pytest.approx(abs(scale), rel=1e-4, abs=1e-6)
    assert likeness(before, after)["a"] == pytest.approx(1.0, abs=1e-6)


def test_a_layer_is_all_its_weights_and_no_statistics():
    norm = {f"n.{key}": value.clone() for key, value in nn.BatchNorm2d(2).state_dict().items()}
    before = {**norm, "p.weight": torch.tensor([[2.0, 1.0]]), "p.bias": torch.tensor([2.0])}
    after = {key: value.clone() for key, value in before.items()}
    after["n.running_mean"] += 7
    after["n.bias"] += 1
    after["p.weight"] += torch.tensor([[3.0, 4.0]])
    assert movement(before, after) == pytest.approx({"n": 1.0, "p": 5 / 3})
    assert likeness(before, after)["n"] == pytest.approx(2 / (math.sqrt(2) * 2))


def test_what_began_at_zero_or_has_gone_is_told_apart():
    zero, one = torch.zeros(2), torch.ones(2)
    before = {"a.weight": zero, "b.weight": zero, "c.weight": one, "d.weight": one}
    after = {"a.weight": zero, "b.weight": one, "c.weight": torch.ones(3)}
    assert movement(before, after) == {"a": 0.0, "b": math.inf}
    assert all(math.isnan(value) for value in likeness(before, after).values())


def test_weights_of_no_layer_go_by_their_own_name():
    before = {"class_token": torch.ones(4), "encoder.pos_embedding": torch.ones(4)}
    after = {name: 3 * value for name, value in before.items()}
    assert movement(before, after) == pytest.approx({"class_token": 2.0, "encoder": 2.0})


def test_pretrained_layers_are_compared_with_the_weights_that_the_zoo_has(train):
    experiment, trained = train("full")
    moved = moved_from_pretrained(experiment.trial, trained)
    assert moved.distance == pytest.approx(dict(experiment.moved))

    own = load_model("mini-resnet", "cpu").network.get_submodule("stem.conv1").weight.flatten().numpy()
    now = trained.network.get_submodule("stem.conv1").weight.flatten().numpy()
    assert moved.distance["stem.conv1"] == pytest.approx(np.linalg.norm(now - own) / np.linalg.norm(own), rel=1e-4)
    assert moved.likeness["stem.conv1"] == pytest.approx(
        now @ own / np.linalg.norm(now) / np.linalg.norm(own), rel=1e-4
    )
    assert "classifier" not in moved.distance
    names = list(moved.distance)
    # A shortcut is computed after the two convolutions that it bypasses, whatever the order of the modules is.
    assert names[:2] == ["stem.conv1", "stem.bn1"]
    assert names.index("stages.stage2.block1.bn2") < names.index("stages.stage2.block1.shortcut.conv")


def test_frozen_layers_have_not_moved_at_all(train):
    experiment, trained = train("head")
    assert set(moved_from_pretrained(experiment.trial, trained).distance.values()) == {0.0}


def test_the_starting_network_is_where_the_training_began(train, pictures):
    """New layers too: without a step nothing differs from what a training of that seed writes."""
    experiment, trained = train("truncated")
    before = starting_network(experiment.trial, experiment.classes, "cpu")
    moved = movement(before.network.state_dict(), trained.network.state_dict())
    assert moved.pop("head.classifier") > 0
    assert before.classes == ("red", "blue")
    assert not any(weight.requires_grad for weight in before.network.parameters())
    # The curve's point before the first step is what this network says of the training pictures.
    from explorer.transfer.data.splitting import split

    places = split(pictures.labels, experiment.trial.split_seed).training
    x = torch.cat([before.preprocessing.tensor(pictures.image(int(place))) for place in places])
    loss = nn.functional.cross_entropy(before.network(x), torch.from_numpy(pictures.labels[places]))
    assert loss.item() == pytest.approx(experiment.curve.loss[0], rel=0.02)  # which may be in bfloat16


def test_features_are_what_the_last_layer_reads(train, pictures):
    experiment, trained = train("full")
    features = features_of(trained, pictures, experiment.test_places)
    classifier = trained.network.get_submodule("classifier")
    logits = features @ classifier.weight.numpy().T + classifier.bias.numpy()
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, experiment.test_probabilities, atol=1e-4)


def test_maps_before_a_convolutional_head_are_averaged(pictures):
    class Maps(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 2, 1)

        def forward(self, x):
            return self.head(self.body(x)).mean((2, 3))

    model = load_model("tiny-vgg", "cpu")
    network = Maps().eval().requires_grad_(False)
    toy = type(model)("toy", "toy", network, model.preprocessing, ("red", "blue"), {})
    told = []
    features = features_of(toy, pictures, range(3), lambda *counts: told.append(counts))
    x = torch.cat([toy.preprocessing.tensor(pictures.image(place)) for place in range(3)])
    np.testing.assert_allclose(features, network.body(x).mean((2, 3)).numpy(), atol=1e-5)
    assert told == [(3, 3)]


@given(st.integers(0, 1000), st.integers(4, 30))
def test_separation_against_its_definition(seed, count):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    features = random.normal(size=(count, 3)) + 2.0 * labels[:, None]
    apart = separation(features, labels.astype(np.int64))
    distance = np.linalg.norm(features[:, None] - features[None], axis=2)
    silhouettes = []
    for place in range(count):
        own = (labels == labels[place]) & (np.arange(count) != place)
        a, b = distance[place, own].mean(), distance[place, labels != labels[place]].mean()
        silhouettes.append((b - a) / max(a, b))
    assert apart.silhouette == pytest.approx(np.mean(silhouettes))
    assert 0 <= apart.neighbours <= 1
    assert apart.count == min(5, count - 1)


def test_separation_of_single_pictures_is_not_a_number():
    apart = separation(np.eye(3), np.arange(3))
    assert math.isnan(apart.silhouette)
    assert apart.neighbours == 0


def test_classes_far_apart_are_told_by_their_neighbours():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 10)
    apart = separation(random.normal(size=(20, 4)) + 100 * labels[:, None], labels)
    assert apart.neighbours == 1.0
    assert apart.silhouette > 0.9


def test_pca_keeps_the_widest_plane():
    random = np.random.default_rng(0)
    features = random.normal(size=(40, 6)) * [9, 5, 1, 0.5, 0.1, 0.1]
    points = project(features, "pca")
    centred = features - features.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(np.sort((points**2).sum(axis=0))[::-1], singular[:2] ** 2)


def test_tsne_keeps_groups_together_and_is_the_same_for_the_same_seed():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 8)
    features = (random.normal(size=(24, 10)) + 30 * np.eye(10)[labels]).astype(np.float32)
    points = project(features, "tsne")
    np.testing.assert_array_equal(points, project(features, "tsne"))
    assert separation(points, labels).neighbours == 1.0


@pytest.mark.parametrize("method", ["pca", "tsne"])
@pytest.mark.parametrize("shape", [(5, 7), (6, 1), (5, 0)])
def test_few_points_and_few_dimensions_can_be_arranged(method, shape):
    points = project(np.random.default_rng(0).normal(size=shape).astype(np.float32), method)
    assert points.shape == (shape[0], 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_points_that_are_all_one_stay_one(method):
    assert not project(np.ones((6, 3)), method).any()


def test_too_few_points_are_said():
    with pytest.raises(TransferRejected, match=r"^t-SNE needs at least 5 pictures; there are 4\.$"):
        project(np.eye(4), "tsne")


def test_maps_before_and_after_are_those_of_hooks(train, pictures):
    experiment, trained = train("full")
    before = starting_network(experiment.trial, experiment.classes, "cpu")
    x = trained.preprocessing.tensor(pictures.image(0))
    maps = maps_of(before, trained, x, "stem.conv1")
    own = load_model("mini-resnet", "cpu").network.get_submodule("stem.conv1")
    np.testing.assert_allclose(maps.before, own(x)[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(maps.after, trained.network.get_submodule("stem.conv1")(x)[0].numpy(), atol=1e-5)
    rms = np.sqrt(((maps.after - maps.before) ** 2).mean(axis=(1, 2)))
    np.testing.assert_allclose(maps.changed, rms, rtol=1e-4)
    assert (np.diff(maps.changed[maps.order]) <= 0).all()
    assert maps.signed


def test_layers_are_matched_by_name_and_shape(train):
    whole, cut = train("full")[1], train("truncated")[1]
    common = [facts.name for facts in common_layers(whole, cut)]
    assert common[0] == "stem.conv1"
    assert "classifier" not in common
    assert len(common) < len(common_layers(whole, whole))
    assert all(facts.shape for facts in common_layers(whole, cut))


def test_layers_that_take_no_part_come_last():
    model = load_model("tiny-vgg", "cpu")
    assert in_execution_order(["nowhere", "classifier", "features.conv1_1"], model) == (
        "features.conv1_1",
        "classifier",
        "nowhere",
    )


def test_bars_are_in_order_and_frozen_layers_slate():
    figure = movement_bars({"a": 0.5, "b": 0.0, "c": math.inf}, {"a": 0.9})
    (bars,) = figure.data
    assert list(bars.y) == ["a", "b"]
    assert list(bars.x) == [50.0, 0.0]
    assert bars.marker.color[0] != bars.marker.color[1]
    assert list(bars.text) == ["50 %", "frozen"]
    assert "0.9" in bars.customdata[0]
    assert bars.customdata[1] == ""
    assert decode_png(movement_picture({"a": 0.5, "b": 0.0})).ndim == 3
    assert movement_bars({f"layer{n}": n / 100 for n in range(80)}).layout.height > 1000


def test_two_panels_share_colours_and_names_are_text():
    labels = np.array([0, 1, 1, 0])
    panels = [
        feature_scatter(points, labels, ("<b>one</b>", "two"), ["a", "<i>", "c", "d"], "t", hollow=np.arange(4) > 2)
        for points in (np.eye(4)[:, :2], np.ones((4, 2)))
    ]
    colours = [[trace.marker.color for trace in figure.data] for figure in panels]
    assert colours[0] == colours[1]
    filled, ring, other = panels[0].data
    assert filled.name == "&lt;b&gt;one&lt;/b&gt;"
    assert list(other.text) == ["&lt;i&gt;", "c"]
    assert (filled.showlegend, ring.showlegend, other.showlegend) == (True, False, True)
    assert ring.marker.symbol == "circle-open"
    assert sum(len(trace.x) for trace in panels[0].data) == 4
    with pytest.raises(ValueError, match="4 points, 3 labels"):
        feature_scatter(np.eye(4)[:, :2], labels[:3], ("one", "two"), ["a"] * 4, "t")


def test_the_scatter_picture_holds_both_panels_whatever_classes_are_called():
    points = np.random.default_rng(0).normal(size=(6, 2))
    labels = np.array([0, 1, 2, 0, 1, 2])
    one, two = (
        decode_png(scatter_picture(panels, labels, ("$a", "_b", "c")))
        for panels in ({"before": points}, {"before": points, "after": points})
    )
    assert two.shape[1] > 1.5 * one.shape[1]
    with pytest.raises(ValueError, match="6 points but 2 labels"):
        scatter_picture({"before": points}, labels[:2], ("a", "b"))


@given(st.integers(1, 70), st.integers(1, 64), st.booleans(), st.sampled_from(["each", "shared"]))
def test_three_grids_have_the_same_places_and_one_scale(count, side, signed, scale):
    random = np.random.default_rng(count)
    before = np.abs(random.normal(size=(count, side, side))).astype(np.float32)
    after = before.copy()
    first, last, difference = compare_maps(before, after, signed=signed, scale=scale)
    assert first.png == last.png
    assert first.box(count - 1) == difference.box(count - 1)
    colours = decode_png(difference.png)
    left, top, right, bottom = difference.box(0)
    assert (colours[top:bottom, left:right] == 255).all()  # white: nothing changed


def test_a_map_that_doubles_is_half_as_bright_before():
    after = np.full((1, 30, 30), 2.0, np.float32)
    first, last, difference = compare_maps(after / 2, after, signed=False)
    full, _, _ = compare_maps(after, after, signed=False)
    assert (decode_png(last.png) == decode_png(full.png)).all()
    assert not (decode_png(first.png) == decode_png(full.png)).all()
    red = decode_png(difference.png)[5, 5].astype(int)
    assert red[0] > red[2] + 40
    with pytest.raises(ValueError, match="before and"):
        compare_maps(after, after[:, :5], signed=False)


def test_maps_without_a_negative_value_are_magnitudes():
    zero = np.zeros((2, 3, 3), np.float32)
    assert not Maps(zero, zero).signed
    assert Maps(zero, zero - 1).signed
