"""The parameter randomization test: what is re-drawn, what is shared, and what it does to the maps."""

import pytest
import torch

from explorer.saliency import agreement, explain, explain_randomized, redraw, weighted_layers
from explorer.saliency.parameter_randomization import judge_randomization, steps_of
from tests.anatomy.test_concurrency import assert_untouched, fingerprint

from .networks import make_input, open_model


def changed(model: object, other: object) -> list[str]:
    before, after = dict(model.network.named_parameters()), dict(other.network.named_parameters())  # type: ignore[attr-defined]
    assert before.keys() == after.keys()
    return [name for name in before if before[name] is not after[name]]


def test_layers_are_counted_from_the_classes() -> None:
    model = open_model("tiny-vgg")
    layers = weighted_layers(model, make_input(model))
    assert layers[:2] == ("classifier", "features.conv3_2")
    assert layers[-1] == "features.conv1_1"
    assert len(layers) == 7


@pytest.mark.parametrize("name", ["tiny-vgg", "photo-net", "resnet18"])
def test_the_cascade(name: str) -> None:
    model = open_model(name)
    x = make_input(model, 64)
    before = fingerprint(model)
    layers = weighted_layers(model, x)
    for count in (0, 1, 3):
        drawn = redraw(model, x, count)
        assert {name.rpartition(".")[0] for name in changed(model, drawn)} == set(layers[:count])
    everything = redraw(model, x)
    assert len(changed(model, everything)) == len(list(model.network.parameters()))
    for name, weights in everything.network.named_parameters():
        old = model.network.get_parameter(name)
        assert weights.shape == old.shape
        assert not weights.requires_grad
        if old.numel() > 2000:
            assert float(weights.std() / old.std()) == pytest.approx(1, abs=0.1)
    assert_untouched(model)
    assert fingerprint(model) == before


def test_seeds() -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    state = torch.random.get_rng_state()
    first, again, other = (redraw(model, x, 2, seed).network.classifier.weight for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(redraw(model, x, 1).network.classifier.weight, first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_control_is_the_method_on_the_drawn_network() -> None:
    model = open_model("photo-net")
    x = make_input(model, 64)
    real = explain(model, x, "layer-cam", 3)
    drawn = explain_randomized(model, x, "layer-cam", 3, real.layer, layers=5, seed=2)
    assert (drawn.layer, drawn.target, drawn.method) == (real.layer, 3, "layer-cam")
    assert (drawn.values == explain(redraw(model, x, 5, 2), x, "layer-cam", 3, real.layer).values).all()
    assert agreement([real.values, drawn.values])[0, 1] < 0.9
    unchanged = explain_randomized(model, x, "layer-cam", 3, real.layer, layers=0)
    assert (unchanged.values == real.values).all()


@pytest.mark.parametrize(("layers", "steps"), [(0, [0]), (1, [0, 1]), (2, [0, 1, 2]), (40, [0, 1, 10, 20, 40])])
def test_steps_from_none_to_all(layers: int, steps: list[int]) -> None:
    assert steps_of(layers) == steps


@pytest.mark.parametrize(
    ("likeness", "words"), [(0.95, "hardly notices"), (-0.95, "the other way round"), (0.1, "passes")]
)
def test_one_draw_proves_nothing(likeness: float, words: str) -> None:
    said = judge_randomization("Grad-CAM", likeness)
    assert words in said
    assert f"{likeness:.2f}" in said
    if words == "passes":
        assert "not contradicted by this draw" in said
        assert "do not prove it" in said
    else:
        assert "In this draw, on this photo" in said
