"""The plan of every strategy against the network that it makes."""

import pytest
from torch import nn

from explorer.transfer.plan import plan
from explorer.transfer.strategies import adapt
from explorer.transfer.trial import STRATEGIES, Strategy, TransferRejected
from explorer.zoo import VisionModel, random_model
from tests.anatomy.networks import as_model
from tests.saliency.test_attention import small_transformer
from tests.saliency.test_windows import small_swin

CLASSES = ("ant", "bee", "cat", "dog")


def check(model: VisionModel, strategy: Strategy, kept: int = 0) -> None:
    planned = plan(model, len(CLASSES), strategy, kept)
    adapted = adapt(model, CLASSES, strategy, kept)
    sizes = {name: weight.numel() for name, weight in adapted.network.named_parameters()}
    for state, names in (("new", adapted.new), ("trained", adapted.pretrained), ("frozen", adapted.frozen)):
        assert sum(layer.parameters for layer in planned if layer.state == state) == sum(sizes[each] for each in names)
    removed = sum(layer.parameters for layer in planned if layer.state == "removed")
    if strategy == "truncated":
        assert removed == model.parameters - sum(sizes[name] for name in adapted.frozen)
    else:
        assert removed == 0
    names = [layer.name for layer in planned]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("name", ["photo-net", "mobilenet_v3_small", "googlenet"])
def test_the_plan_counts_what_is_trained(name: str, strategy: Strategy) -> None:
    check(random_model(name), strategy)


@pytest.mark.parametrize("strategy", ["scratch", "head", "truncated", "full", "gradual"])
@pytest.mark.parametrize("name", ["tiny-vgg", "squeezenet1_1"])
def test_the_plan_of_networks_without_norms(name: str, strategy: Strategy) -> None:
    check(random_model(name), strategy)
    with pytest.raises(TransferRejected, match="no norm layers"):
        plan(random_model(name), 3, "norm")


@pytest.mark.parametrize("strategy", ["head", "full", "norm"])
def test_the_plan_holds_what_is_no_layers_own(strategy: Strategy) -> None:
    """Class token, positions, ConvNeXt's scales."""
    check(as_model(small_transformer()), strategy)
    check(small_swin(), strategy)
    check(random_model("convnext_tiny"), strategy)


def test_layers_come_in_the_order_of_the_picture() -> None:
    planned = plan(random_model("photo-net"), 3, "truncated", 3)
    names = [layer.name for layer in planned]
    assert names[:2] == ["stem.conv1", "stem.bn1"]
    states = [layer.state for layer in planned]
    assert states == sorted(states, key=["frozen", "removed", "new"].index)
    assert names[states.index("removed")] == "stages.stage2.block1.conv1"
    assert [layer.name for layer in planned if layer.state == "new"] == ["head.norm", "head.hidden", "head.classifier"]
    assert {layer.kind for layer in planned} == {"Conv2d", "BatchNorm2d", "LayerNorm", "Linear"}
    assert names[-4] == "classifier"


def test_states_of_each_strategy() -> None:
    model = random_model("mini-resnet")
    for strategy, states in {
        "scratch": {"new"},
        "head": {"frozen", "new"},
        "full": {"trained", "new"},
        "gradual": {"trained", "new"},
        "norm": {"frozen", "trained", "new"},
    }.items():
        planned = plan(model, 3, strategy)  # type: ignore[arg-type]
        assert {layer.state for layer in planned} == states
        if strategy == "norm":
            assert {layer.kind for layer in planned if layer.state == "trained"} == {"BatchNorm2d"}
            assert not [layer for layer in planned if layer.kind == "BatchNorm2d" and layer.state != "trained"]


def test_nothing_is_left_on_the_shared_network() -> None:
    model = random_model("photo-net")
    plan(model, 3, "truncated")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.network.modules())
    assert all(weight.device.type == "cpu" and not weight.requires_grad for weight in model.network.parameters())
    assert isinstance(model.network.get_submodule("classifier"), nn.Linear)
