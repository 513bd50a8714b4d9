"""Networks that end early: what is kept computes what it computed before, and files of them open again."""

import copy
import re

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from explorer.anatomy import record, summarize_layers
from explorer.zoo import WeightsMismatch, WeightsRejected, load_model, random_model
from explorer.zoo.truncation import HIDDEN, CutUnknown, Truncated, chain

from .making import as_bytes

CHAINS = {  # by hand: the place in the middle at which each is cut, and the channels there
    "squeezenet1_1": ("features.7", 256),
    "mobilenet_v2": ("features.9", 64),
    "mobilenet_v3_small": ("features.5", 40),
    "efficientnet_b0": ("features.4.1", 80),
    "shufflenet_v2_x0_5": ("stage3.2", 96),
    "mnasnet0_5": ("layers.9.1", 24),
    "regnet_x_400mf": ("trunk_output.block2.block2-1", 64),
    "resnet18": ("layer2.1", 128),
    "googlenet": ("inception4a", 512),
    "inception_v3": ("Mixed_5b", 256),
    "densenet121": ("features.transition1", 128),
    "convnext_tiny": ("features.2.1", 192),
    "tiny-vgg": ("features.pool2", 32),
    "mini-resnet": ("stages.stage2.block1", 128),
    "photo-net": ("stem.relu2", 64),
}


def seen_at(network: nn.Module, name: str, x: Tensor) -> Tensor:
    """What the module of that name gives within the whole network, by a hook on a copy of it."""
    seen: list[Tensor] = []
    whole = copy.deepcopy(network)
    whole.get_submodule(name).register_forward_hook(lambda _module, _args, output: seen.append(output))
    whole(x)
    return seen[0]


@pytest.mark.parametrize("name", CHAINS)
def test_what_is_kept_computes_what_it_did_within_the_whole(name: str) -> None:
    cut, channels = CHAINS[name]
    model = random_model(name, 10, seed=2)
    x = torch.randn(2, 3, 80, 80)
    expected = seen_at(model.network, cut, x)
    assert expected.shape[1] == channels
    truncated = Truncated(model.network, cut, channels, 4).eval()
    with torch.no_grad():
        assert torch.equal(seen_at(truncated, cut, x), expected)
        pooled = expected.mean((2, 3))
        torch.testing.assert_close(truncated.head[:2](expected), pooled, rtol=1e-4, atol=1e-6)
        assert truncated(x).shape == (2, 4)
    kept = {key: value for key, value in truncated.state_dict().items() if not key.startswith("head.")}
    whole = model.network.state_dict()
    assert kept
    assert all(torch.equal(value, whole[key]) for key, value in kept.items())
    assert len(kept) < len(whole) - 2


@pytest.mark.parametrize("name", ["tiny-vgg", "resnet18", "regnet_x_400mf", "inception_v3"])
def test_a_file_of_it_opens_again(name: str) -> None:
    cut, channels = CHAINS[name]
    truncated = Truncated(random_model(name, seed=3).network, cut, channels, 3).eval()
    metadata = {"cut": cut, "classes": '["ant", "bee", "cat"]'}
    model = load_model(name, "cpu", as_bytes(truncated.state_dict(), metadata))
    x = torch.randn(1, 3, 80, 80)
    with torch.no_grad():
        assert torch.equal(model.network(x), truncated(x))
    assert model.classes == ("ant", "bee", "cat")
    assert not model.network.training
    assert not any(weight.requires_grad for weight in model.network.parameters())


def test_it_can_be_looked_into() -> None:
    truncated = Truncated(random_model("photo-net").network, "stages.stage1.block1", 64, 3)
    file = as_bytes(truncated.state_dict(), {"cut": "stages.stage1.block1"})
    model = load_model("photo-net", "cpu", file)
    x = torch.randn(1, 3, 64, 64)
    recording = record(model, x)
    assert torch.equal(recording.logits, model.network(x)[0])
    whole = [facts.name for facts in summarize_layers(random_model("photo-net"), x)]
    names = [layer.name for layer in recording]
    kept = names[: names.index("head.average")]
    assert kept == whole[: len(kept)]
    assert kept[-1] == "stages.stage1.block1.relu2"
    assert names[len(kept) :] == [
        f"head.{name}" for name in ("average", "flatten", "norm", "hidden", "relu", "classifier")
    ]
    assert recording["head.average"].output.shape == (64, 1, 1)
    assert recording["head.hidden"].facts.parameters == 64 * HIDDEN + HIDDEN
    assert sum(layer.parameters for layer in recording) == model.parameters


def test_a_file_without_class_names_has_numbered_ones() -> None:
    truncated = Truncated(random_model("tiny-vgg").network, "features.pool1", 24, 128, hidden=128)
    model = load_model("tiny-vgg", "cpu", as_bytes(truncated.state_dict(), {"cut": "features.pool1"}))
    assert len(model.classes) == 128  # as many as hidden units: the last layer is told from the hidden one
    assert model.network.head.classifier.out_features == 128


@pytest.mark.parametrize("cut", ["features.nothing", "classifier", "", "features", "..", "features.pool1.weight"])
def test_a_place_that_is_none(cut: str) -> None:
    network = random_model("tiny-vgg").network
    with pytest.raises(CutUnknown, match=re.escape(repr(cut))):
        Truncated(network, cut, 24, 3)
    state = Truncated(network, "features.pool1", 24, 3).state_dict()
    with pytest.raises(WeightsRejected, match=re.escape(repr(cut))):
        load_model("tiny-vgg", "cpu", as_bytes(state, {"cut": cut}))


def test_files_that_do_not_fit_are_refused() -> None:
    whole = random_model("tiny-vgg").network
    with pytest.raises(WeightsRejected, match="lacks the layers after the cut"):
        load_model("tiny-vgg", "cpu", as_bytes(whole.state_dict(), {"cut": "features.pool1"}))
    state = Truncated(whole, "features.pool1", 24, 3).state_dict()
    with pytest.raises(WeightsMismatch, match="missing"):
        load_model("tiny-vgg", "cpu", as_bytes(state, {"cut": "features.pool2"}))
    with pytest.raises(WeightsMismatch, match="unexpected"):
        load_model("tiny-vgg", "cpu", as_bytes(state))


def test_the_whole_network_is_left_as_it_is() -> None:
    model = random_model("mini-resnet")
    before = [name for name, _ in model.network.named_modules()]
    Truncated(model.network, "stages.stage1.block1", 48, 3)
    assert [name for name, _ in model.network.named_modules()] == before


def test_heads_that_only_training_uses_are_no_part_of_the_chain() -> None:
    network = models.inception_v3(weights=None, init_weights=False)
    assert network.AuxLogits is not None
    names = chain(network)
    assert "AuxLogits" not in names
    assert names[-1] == "Mixed_7c"
    truncated = Truncated(network, "Mixed_7a", 1280, 3)
    assert not hasattr(truncated, "AuxLogits")


@pytest.mark.parametrize(("name", "norms"), [("tiny-vgg", 6), ("five-by-five", 5)])
def test_plain_stacks_open_with_their_batch_norm(name: str, norms: int) -> None:
    from explorer.zoo.loading import training_builder

    network = training_builder(name)(4).eval()
    assert sum(isinstance(module, nn.BatchNorm2d) for module in network.modules()) == norms
    model = load_model(name, "cpu", as_bytes(network.state_dict()))
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(model.network(x), network(x))
    assert len(model.classes) == 4
    assert type(training_builder("mini-resnet")(4)) is type(random_model("mini-resnet", 4).network)
