"""Stages of every network, and the places where it can be cut, against maps caught by hooks."""

import pytest
import torch
from torch import Tensor, nn

from explorer.transfer.strategies import adapt
from explorer.transfer.trial import TransferRejected
from explorer.transfer.truncation import choose_cut, list_cuts, weight_stages, weightless
from explorer.zoo import VisionModel, list_models, random_model
from explorer.zoo.loading import _builder
from explorer.zoo.truncation import chain
from explorer.zoo.weights import ShapesOnly

STAGES = {  # number of cuts, and the stage that half of the network ends with
    "tiny-vgg": (5, "features.relu2_1"),
    "mini-resnet": (4, "stages.stage2.block1"),
    "efficientnet-lite0": (17, "stages.stage4.block3"),
    "photo-net": (6, "stages.stage2.block1"),
    "alexnet": (5, "features.7"),
    "squeezenet1_1": (8, "features.8"),
    "mobilenet_v2": (18, "features.9"),
    "resnet18": (8, "layer2.1"),
    "shufflenet_v2_x0_5": (17, "stage3.3"),
    "densenet121": (7, "features.denseblock2"),
}


@pytest.mark.parametrize("name", STAGES)
def test_cuts_are_told_as_the_network_is_built(name: str) -> None:
    model = random_model(name)
    cuts = list_cuts(model)
    count, half = STAGES[name]
    assert len(cuts) == count
    assert [cut.kept for cut in cuts] == list(range(1, count + 1))
    assert choose_cut(model).layer == half
    seen: dict[str, tuple[int, ...]] = {}

    def catch(layer: str) -> None:
        def hook(_module: nn.Module, _args: object, output: Tensor) -> None:
            seen[layer] = tuple(output.shape[1:])

        model.network.get_submodule(layer).register_forward_hook(hook)

    for cut in cuts:
        catch(cut.layer)
    size = model.preprocessing.size
    with torch.no_grad():
        model.network(torch.zeros(1, 3, size, size))
    assert [cut.shape for cut in cuts] == [seen[cut.layer] for cut in cuts]
    weights = [cut.parameters for cut in cuts]
    assert weights == sorted(set(weights))
    assert weights[-1] < model.parameters
    for cut in cuts[:: max(1, count // 3)]:
        adapted = adapt(model, ("a", "b"), "truncated", cut.kept)
        assert (adapted.kept, adapted.cut) == (cut.kept, cut.layer)
        assert sum(adapted.network.get_parameter(name).numel() for name in adapted.frozen) == cut.parameters


def test_a_stage_takes_its_activation_and_pooling_along() -> None:
    assert [cut.layer for cut in list_cuts(random_model("tiny-vgg"))] == [
        "features.relu1_1",
        "features.pool1",
        "features.relu2_1",
        "features.pool2",
        "features.relu3_1",
    ]
    assert [cut.layer for cut in list_cuts(random_model("resnet18"))][:3] == ["maxpool", "layer1.0", "layer1.1"]


def test_dense_layers_before_the_classes_can_be_cut_off() -> None:
    """AlexNet's dense layers hold nearly all of its weights: cutting before them is a cut of its own."""
    model = random_model("alexnet")
    last = list_cuts(model)[-1]
    assert last.layer == "features.12"
    assert last.parameters == sum(weight.numel() for weight in model.network.features.parameters())
    # Where only the last layer would go, that is the strategy "head" and no cut.
    assert list_cuts(random_model("squeezenet1_1"))[-1].layer == "features.11"


def test_every_network_has_stages_that_hold_all_its_weights_and_can_be_cut() -> None:
    for name in list_models():
        with ShapesOnly():  # weights without memory: all of them in seconds
            network = _builder(name)(10)
        stages = weight_stages(network)
        every = [name for name, _ in network.named_parameters()]
        assert [name for stage in stages for name in stage] == every  # in the order of the network, none twice
        assert all(any(network.get_parameter(name).ndim > 1 for name in stage) for stage in stages)
        assert 4 <= len(stages) <= 100, name
        starts = [part for part in chain(network) if any(p.ndim > 1 for p in network.get_submodule(part).parameters())]
        assert len(starts) >= 4, name  # so that there are at least three places between them


def test_a_copy_without_weights_has_shapes_only() -> None:
    model = random_model("mini-resnet")
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    bare = weightless(model)
    assert {value.device.type for value in bare.network.state_dict().values()} == {"meta"}
    assert {k: v.shape for k, v in bare.network.state_dict().items()} == {k: v.shape for k, v in before.items()}
    assert bare.network(torch.empty(5, 3, 40, 40, device="meta")).shape == (5, 10)
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())


def test_a_network_without_a_chain_of_maps_is_refused() -> None:
    model = random_model("tiny-vgg")
    dense = VisionModel("dense", "dense", nn.Sequential(nn.Linear(3, 10)), model.preprocessing, model.classes, {})
    assert list_cuts(dense) == ()
    with pytest.raises(TransferRejected, match=r"^dense cannot be cut .*[.]$"):
        choose_cut(dense)
