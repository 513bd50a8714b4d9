"""What each strategy trains, against a training step by hand; and that the shared network never notices."""

import copy
import json
from collections.abc import Callable

import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.anatomy import record
from explorer.transfer.strategies import (
    Adapted,
    adapt,
    feature_body,
    list_cuts,
    parameter_groups,
    pretrained_stages,
    set_training_mode,
    tail,
    unfreeze,
)
from explorer.transfer.trial import STRATEGIES, Recipe, Strategy, TransferRejected
from explorer.zoo import VisionModel, load_model, random_model
from tests.anatomy.networks import as_model
from tests.saliency.test_attention import small_transformer
from tests.saliency.test_windows import small_swin

CLASSES = ("ant", "bee", "cat")
KEPT: tuple[Strategy, ...] = ("head", "truncated", "full", "gradual", "norm")


def lively_model(name: str, seed: int = 0) -> VisionModel:
    """Random weights, and statistics of batch norm that are not those of a fresh layer."""
    model = random_model(name, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    for module in model.network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return model


def changed_by_a_step(adapted: Adapted, x: Tensor) -> set[str]:
    """Names of the tensors that one step with everything that may learn changes, statistics included."""
    before = {name: value.clone() for name, value in adapted.network.state_dict().items()}
    groups = parameter_groups(adapted, Recipe(learning_rate=0.1, weight_decay=0.1))
    optimiser = torch.optim.SGD(groups)
    set_training_mode(adapted)
    F.cross_entropy(adapted.network(x), torch.arange(len(x)) % len(CLASSES)).backward()
    optimiser.step()
    return {name for name, value in adapted.network.state_dict().items() if not torch.equal(value, before[name])}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_step_changes_what_the_strategy_says_and_nothing_else(strategy: Strategy) -> None:
    model = lively_model("photo-net")
    adapted = adapt(model, CLASSES, strategy, seed=1)
    changed = changed_by_a_step(adapted, torch.randn(4, 3, 64, 64))
    statistics = {
        name for name, _ in adapted.network.named_buffers() if strategy == "scratch"
    }  # only what is fresh measures anew
    trained = set(adapted.new) if strategy == "gradual" else {*adapted.new, *adapted.pretrained}
    assert changed == trained | statistics
    every = [*adapted.new, *adapted.pretrained, *adapted.frozen]
    assert sorted(every) == sorted(name for name, _ in adapted.network.named_parameters())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_shared_network_never_notices(strategy: Strategy) -> None:
    model = lively_model("mini-resnet")
    before = copy.deepcopy(model.network.state_dict())
    state = torch.get_rng_state()
    adapted = adapt(model, CLASSES, strategy, seed=5)
    assert torch.equal(torch.get_rng_state(), state)
    body = feature_body(adapted)
    body(torch.randn(2, 3, 32, 32))
    changed_by_a_step(adapted, torch.randn(4, 3, 32, 32))
    after = model.network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not any(weight.requires_grad or weight.grad is not None for weight in model.network.parameters())
    assert not any(module.training for module in model.network.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.network.modules())
    shared = {value.data_ptr() for value in before.values()} | {value.data_ptr() for value in after.values()}
    assert not shared & {value.data_ptr() for value in adapted.network.state_dict().values()}


@pytest.mark.parametrize("strategy", KEPT)
def test_what_is_kept_begins_with_the_pretrained_values(strategy: Strategy) -> None:
    model = lively_model("photo-net", seed=4)
    adapted = adapt(model, CLASSES, strategy)
    whole = model.network.state_dict()
    own = adapted.network.state_dict()
    for name in {*adapted.pretrained, *adapted.frozen}:
        assert torch.equal(own[name], whole[name])
    for name, value in adapted.network.named_buffers():
        assert torch.equal(value, whole[name])
    if strategy == "truncated":
        assert set(adapted.new) == {name for name in own if name.startswith("head.")}
        assert adapted.head == "head.classifier"
    else:
        assert set(adapted.new) == {"classifier.weight", "classifier.bias"}
        assert adapted.head == "classifier"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_new_weights_are_drawn_by_the_seed(strategy: Strategy) -> None:
    model = lively_model("tiny-vgg" if strategy == "scratch" else "mini-resnet")
    first, again, other = (adapt(model, CLASSES, strategy, seed=seed).network for seed in (1, 1, 2))
    name = [name for name in adapt(model, CLASSES, strategy).new if first.get_parameter(name).ndim > 1][-1]
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.get_parameter(name), other.get_parameter(name))


def test_from_scratch_is_the_networks_own_beginning() -> None:
    model = load_model("mini-resnet", "cpu")
    drawn = random_model("mini-resnet", len(CLASSES), seed=7).network
    adapted = adapt(model, CLASSES, "scratch", seed=7)
    assert all(torch.equal(a, b) for a, b in zip(adapted.network.parameters(), drawn.parameters(), strict=True))
    set_training_mode(adapted)
    assert all(module.training for module in adapted.network.modules())


def test_the_plain_stack_learns_from_scratch_with_batch_norm() -> None:
    adapted = adapt(load_model("tiny-vgg", "cpu"), CLASSES, "scratch")
    norms = [module for module in adapted.network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert len(norms) == 6
    set_training_mode(adapted)
    assert all(norm.training for norm in norms)


def test_dropout_of_the_architecture_is_off_and_new_layers_learn() -> None:
    for strategy in STRATEGIES:
        if strategy == "norm":
            continue  # SqueezeNet has none
        adapted = adapt(random_model("squeezenet1_1"), CLASSES, strategy)
        set_training_mode(adapted)
        dropouts = [module for module in adapted.network.modules() if isinstance(module, nn.Dropout)]
        assert len(dropouts) == (0 if strategy == "truncated" else 1)
        assert not any(module.training for module in dropouts)
        assert adapted.network.get_submodule(adapted.head).training  # dropout before it asks for that
        assert adapted.network.get_submodule("features.0").training == (strategy == "scratch")


def test_pretrained_batch_norm_keeps_its_statistics_even_where_its_scale_learns() -> None:
    adapted = adapt(lively_model("mini-resnet"), CLASSES, "norm")
    norms = {name for name, module in adapted.network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert {name.rpartition(".")[0] for name in adapted.pretrained} == norms
    set_training_mode(adapted)
    x = torch.randn(4, 3, 32, 32)
    first = adapted.network(x)
    adapted.network(torch.randn(4, 3, 32, 32) + 3)
    assert torch.equal(adapted.network(x), first)


@pytest.mark.parametrize("name", ["tiny-vgg", "squeezenet1_1"])
def test_a_network_without_norms_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(TransferRejected, match=f"^{name} has no norm layers .*[.]$"):
        adapt(random_model(name), CLASSES, "norm")


def test_gradual_unfreezing_goes_from_the_head_down() -> None:
    adapted = adapt(lively_model("photo-net"), CLASSES, "gradual")

    def learning() -> set[str]:
        return {name for name, weight in adapted.network.named_parameters() if weight.requires_grad}

    assert learning() == set(adapted.new)
    stages = pretrained_stages(adapted)
    tops = [stage[0].rpartition(".")[0] for stage in stages]
    assert tops == [
        "stem.conv1",
        "stem.conv2",
        "stages.stage1.block1.conv1",
        "stages.stage2.block1.conv1",
        "stages.stage2.block2.conv1",
        "stages.stage3.block1.conv1",
        "stages.stage3.block2.conv1",
    ]
    assert stages[0] == ("stem.conv1.weight", "stem.bn1.weight", "stem.bn1.bias")  # a norm belongs to its convolution
    assert sorted(name for stage in stages for name in stage) == sorted(adapted.pretrained)
    for count in [0, 1, 2, 7, 3, 0]:  # what was trainable is frozen again too
        unfreeze(adapted, count / len(stages))
        assert learning() == {*adapted.new, *(name for stage in stages[len(stages) - count :] for name in stage)}
    seen = set()
    for epoch in range(11):
        unfreeze(adapted, epoch / 10)
        assert learning() >= seen
        seen = learning()
    assert seen == {*adapted.new, *adapted.pretrained}
    unfreeze(adapted, 0.99)
    assert len(seen - learning()) == len(stages[0])  # a part of a stage stays frozen


def test_new_layers_learn_faster_and_only_matrices_decay() -> None:
    adapted = adapt(lively_model("mini-resnet"), CLASSES, "full")
    groups = parameter_groups(adapted, Recipe(learning_rate=0.02, backbone_share=0.25, weight_decay=0.3))
    told = {id(weight): (group["lr"], group["weight_decay"]) for group in groups for weight in group["params"]}
    assert len(told) == sum(len(group["params"]) for group in groups)
    for name, weight in adapted.network.named_parameters():
        rate = 0.02 if name.startswith("classifier.") else 0.005
        assert told[id(weight)] == (rate, 0.3 if weight.ndim > 1 else 0.0)
    frozen = adapt(lively_model("mini-resnet"), CLASSES, "head")
    weights = [weight for group in parameter_groups(frozen, Recipe()) for weight in group["params"]]
    assert {id(weight) for weight in weights} == {id(weight) for weight in frozen.network.classifier.parameters()}


@pytest.mark.parametrize(
    ("name", "strategy"),
    [*(("photo-net", each) for each in STRATEGIES), *(("tiny-vgg", each) for each in STRATEGIES if each != "norm")],
)
def test_the_trained_network_opens_again_everywhere(name: str, strategy: Strategy) -> None:
    adapted = adapt(load_model(name, "cpu"), CLASSES, strategy, seed=3)
    if strategy == "scratch":  # statistics of its own
        set_training_mode(adapted)
        adapted.network(torch.randn(8, 3, 32, 32))
        adapted.network.eval()
    model = load_model(name, "cpu", save(adapted.network.state_dict(), dict(adapted.metadata)))
    x = torch.randn(1, 3, 48, 48)
    with torch.no_grad():
        assert torch.equal(model.network(x), adapted.network(x))
    assert model.classes == CLASSES
    assert json.loads(adapted.metadata["classes"]) == list(CLASSES)
    recording = record(model, x)
    torch.testing.assert_close(recording.logits, model.network(x)[0])
    again = adapt(model, ("x", "y"), "head")  # and it can be the beginning of the next one
    opened = load_model(name, "cpu", save(again.network.state_dict(), dict(again.metadata)))
    assert opened.classes == ("x", "y")
    assert torch.equal(opened.network(x), again.network(x))


def test_heads_that_only_training_uses_are_left_behind() -> None:
    from torchvision import models

    model = random_model("googlenet")
    network = models.googlenet(weights=None, aux_logits=True, init_weights=False, transform_input=True).eval()
    network.requires_grad_(False)
    model = VisionModel("googlenet", "with all its heads", network, model.preprocessing, model.classes, {})
    for strategy in ("head", "gradual", "truncated"):
        adapted = adapt(model, CLASSES, strategy)
        assert not [name for name in adapted.network.state_dict() if name.startswith("aux")]
        opened = load_model("googlenet", "cpu", save(adapted.network.state_dict(), dict(adapted.metadata)))
        x = torch.randn(2, 3, 64, 64)
        assert torch.equal(opened.network(x), adapted.network(x))
        set_training_mode(adapted)
        assert adapted.network(x).shape == (2, 3)  # not a tuple with the other heads' answers
    assert network.aux1 is not None


@pytest.mark.parametrize("build", [lambda: as_model(small_transformer()), small_swin])
def test_transformers_learn_too_but_cannot_be_cut(build: Callable[[], VisionModel]) -> None:
    model = build()
    adapted = adapt(model, CLASSES, "gradual")
    stages = pretrained_stages(adapted)
    assert len(stages) >= 3  # the patches, and every block by itself
    assert sorted(name for stage in stages for name in stage) == sorted(adapted.pretrained)
    assert adapted.frozen == ()
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(tail(adapted)(feature_body(adapted)(x)), adapted.network(x))
    assert list_cuts(model) == ()
    with pytest.raises(TransferRejected, match=r"cannot be cut .*[.]$"):
        adapt(model, CLASSES, "truncated")


def test_what_cannot_be_is_refused() -> None:
    model = random_model("tiny-vgg")
    with pytest.raises(TransferRejected, match="no strategy 'best'"):
        adapt(model, CLASSES, "best")  # type: ignore[arg-type]
    for kept in (-1, 6):
        with pytest.raises(TransferRejected, match=f"first 1 to 5 stages can be kept, not {kept}"):
            adapt(model, CLASSES, "truncated", kept)
    headless = VisionModel("mine", "mine", nn.Sequential(nn.Conv2d(3, 4, 3)), model.preprocessing, model.classes, {})
    with pytest.raises(TransferRejected, match="no last layer"):
        adapt(headless, CLASSES, "head")
