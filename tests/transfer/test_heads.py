"""Features and the layers on them: together they are the network, for every family of the zoo."""

import pytest
import torch
from torch import Tensor, nn

from explorer.transfer.heads import find_head, renew_head
from explorer.transfer.strategies import adapt, feature_body, set_training_mode, tail
from explorer.transfer.trial import Strategy, TransferRejected
from explorer.zoo import random_model
from explorer.zoo.loading import _builder
from explorer.zoo.weights import ShapesOnly

CLASSES = ("ant", "bee", "cat")
FEATURES = {  # values that the last layer reads; SqueezeNet's reads maps
    "tiny-vgg": (48,),
    "mini-resnet": (256,),
    "photo-net": (256,),
    "alexnet": (4096,),
    "convnext_tiny": (768,),
    "densenet121": (1024,),
    "efficientnet_b0": (1280,),
    "efficientnet_v2_s": (1280,),
    "googlenet": (1024,),
    "inception_v3": (2048,),
    "mnasnet0_5": (1280,),
    "mobilenet_v2": (1280,),
    "mobilenet_v3_small": (1024,),
    "regnet_x_400mf": (400,),
    "regnet_y_400mf": (440,),
    "resnet18": (512,),
    "shufflenet_v2_x0_5": (1024,),
    "squeezenet1_0": (512, 4, 4),
    "squeezenet1_1": (512, 4, 4),
    "vgg11_bn": (4096,),
}


@pytest.mark.parametrize("name", FEATURES)
def test_tail_of_body_is_the_network(name: str) -> None:
    model = random_model(name)
    side = 80 if name == "inception_v3" or name.startswith("squeezenet") else 64
    x = torch.randn(2, 3, side, side)
    strategies: tuple[Strategy, ...] = ("head", "truncated")
    for strategy in strategies:
        adapted = adapt(model, CLASSES, strategy)
        body, head = feature_body(adapted), tail(adapted)
        with torch.no_grad():
            features = body(x)
            torch.testing.assert_close(head(features), adapted.network(x), rtol=0, atol=1e-6)
        assert features.shape[1:] == FEATURES[name] if strategy == "head" else features.ndim == 2
        own = {id(weight) for weight in adapted.network.parameters() if weight.requires_grad}
        assert {id(weight) for weight in head.parameters()} == own
        assert own


def test_features_are_the_same_whatever_mode_the_network_is_in() -> None:
    adapted = adapt(random_model("mobilenet_v2"), CLASSES, "head")
    x = torch.randn(2, 3, 64, 64)
    body = feature_body(adapted)
    with torch.no_grad():
        expected = body(x)
        adapted.network.train()
        assert torch.equal(body(x), expected)
        assert torch.equal(feature_body(adapted)(x), expected)
    assert not any(module._forward_hooks for module in adapted.network.modules())


def test_what_learns_in_the_tail_is_learned_by_the_network() -> None:
    adapted = adapt(random_model("photo-net"), CLASSES, "truncated")
    x, body, head = torch.randn(4, 3, 64, 64), feature_body(adapted), tail(adapted)
    set_training_mode(adapted)
    before = adapted.network(x)
    with torch.no_grad():
        features = body(x)
    assert not features.requires_grad
    optimiser = torch.optim.SGD(head.parameters(), lr=0.5)
    head(features).square().sum().backward()
    optimiser.step()
    adapted.network.eval()
    after = adapted.network(x)
    assert not torch.allclose(after, before)
    torch.testing.assert_close(head(features), after)


def test_a_hook_before_the_last_layer_is_met_on_both_ways() -> None:
    """Dropout is such a hook."""
    for strategy in ("head", "truncated"):
        for name in ("tiny-vgg", "squeezenet1_1"):
            adapted = adapt(random_model(name), CLASSES, strategy)
            seen: list[Tensor] = []
            layer = adapted.network.get_submodule(adapted.head)
            layer.register_forward_pre_hook(lambda _module, args, seen=seen: seen.append(args[0]))
            x = torch.randn(1, 3, 64, 64)
            adapted.network(x)
            tail(adapted)(feature_body(adapted)(x))
            assert len(seen) == 2
            torch.testing.assert_close(seen[0], seen[1])


def test_the_head_of_every_family_is_where_its_classes_are_made() -> None:
    for name in FEATURES:
        with ShapesOnly():  # weights without memory
            network = _builder(name)(37)
        head = network.get_submodule(find_head(network, 37))
        leaves = [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
        assert head is leaves[-1]
        assert head.weight.shape[0] == 37


def test_a_new_head_is_drawn_by_its_seed_alone() -> None:
    network = random_model("squeezenet1_1", 5).network
    drawn = []
    for noise, seed in ((1, 3), (2, 3), (2, 4)):
        torch.manual_seed(noise)
        renew_head(network, "classifier.1", 7, seed)
        drawn.append(network.classifier[1].weight.clone())
    assert drawn[0].shape == (7, 512, 1, 1)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])
    with pytest.raises(TransferRejected, match="no last layer"):
        find_head(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), 5)
