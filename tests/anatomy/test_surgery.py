"""Networks with other pooling, against the same networks written down or hooked by PyTorch's own means."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.anatomy.heads import describe_head, try_sizes
from explorer.anatomy.surgery import (
    CHANGES,
    NothingToReplace,
    SizeRefused,
    describe_pooling,
    operate,
    pooling_layers,
    predict_shifted,
    run_once,
)
from explorer.operations.shifting import shift
from explorer.zoo import VisionModel

from .networks import as_model, make_input, open_any, open_random

SPATIAL = {"tiny-vgg": 3, "squeezenet1_1": 3, "vgg11": 5, "resnet18": 1, "googlenet": 13, "densenet121": 1}


class Plain(nn.Module):
    """A convolution, a maximum, a convolution, a mean that is a module, and one dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.second = nn.Conv2d(4, 6, 3, padding=1)
        self.shrink = nn.AvgPool2d(2)
        self.average = nn.AdaptiveAvgPool2d(1)
        self.dense = nn.Linear(6, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.shrink(F.relu(self.second(self.pool(F.relu(self.first(x))))))
        return self.dense(self.average(x).flatten(1))


def by_hand(network: nn.Module, x: torch.Tensor, change: str) -> torch.Tensor:
    """What `Plain` gives with other pooling, written out."""
    y = F.relu(network.first(x))
    if change == "max-average":
        y = F.avg_pool2d(y, 3, 2, 1, count_include_pad=False)
    elif change == "max-slicing":
        y = y[..., ::2, ::2]
    else:
        y = F.max_pool2d(y, 3, 2, 1)
    y = F.relu(network.second(y))
    if change == "average-max":
        y = F.max_pool2d(y, 2)
    elif change != "last-removed":
        y = F.avg_pool2d(y, 2)
    y = y.amax(dim=(2, 3)) if change == "average-max" else y.mean(dim=(2, 3))
    return network.dense(y)[0].softmax(0)


@pytest.fixture
def plain() -> VisionModel:
    return as_model(Plain(), classes=5)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("side", [32, 33])
def test_a_changed_network_gives_what_its_code_would(plain: VisionModel, change: str, side: int) -> None:
    x = torch.randn(1, 3, side, side)
    surgery = operate(plain, change, x)
    found = run_once(surgery.model, x).probabilities
    torch.testing.assert_close(found, by_hand(plain.network, x, change), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "names", "kept"),
    [
        ("max-average", ["pool"], ("shrink", "average")),
        ("max-slicing", ["pool"], ("shrink", "average")),
        ("average-max", ["shrink", "average"], ("pool",)),
        ("last-removed", ["shrink"], ("pool", "average")),
    ],
)
def test_what_was_replaced_and_what_stays(
    plain: VisionModel, change: str, names: list[str], kept: tuple[str, ...]
) -> None:
    surgery = operate(plain, change, torch.randn(1, 3, 32, 32))
    assert [replaced.name for replaced in surgery.replaced] == names
    assert surgery.kept == kept
    for replaced in surgery.replaced:
        assert replaced.before == describe_pooling(plain.network.get_submodule(replaced.name))
        assert replaced.after == describe_pooling(surgery.model.network.get_submodule(replaced.name))


def test_the_original_stays_and_the_weights_are_shared(plain: VisionModel) -> None:
    x = torch.randn(1, 3, 32, 32)
    before, modules = copy.deepcopy(plain.network.state_dict()), dict(plain.network.named_modules())
    logits = plain.network(x)
    for change in CHANGES:
        changed = operate(plain, change, x).model.network
        ours = dict(plain.network.named_parameters())
        for name, parameter in changed.named_parameters():
            assert parameter is ours[name]
        assert not changed.training
        assert all(not module.training for module in changed.modules())
    assert dict(plain.network.named_modules()) == modules
    torch.testing.assert_close(plain.network(x), logits, rtol=0, atol=0)
    for name, value in plain.network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


@pytest.mark.parametrize("name", SPATIAL)
def test_networks_of_the_zoo(name: str) -> None:
    model = open_any(name)
    x = make_input(name)
    for change in ("max-average", "max-slicing"):
        surgery = operate(model, change, x)
        assert len(surgery.replaced) == SPATIAL[name]
        assert run_once(surgery.model, x).probabilities.sum() == pytest.approx(1, abs=1e-4)
    removed = operate(model, "last-removed", x)
    assert len(removed.replaced) == 1
    before, after = describe_head(model, x), describe_head(removed.model, x)
    assert before is not None
    assert after is not None
    assert after.shape[1] > before.shape[1]
    no_layer_after = name in ("tiny-vgg", "vgg11")  # but the last average, which needs no multiply-adds
    assert (run_once(removed.model, x).macs == run_once(model, x).macs) == no_layer_after


@pytest.mark.parametrize("name", ["photo-net", "mini-resnet", "mobilenet_v2"])
def test_networks_without_max_pooling_say_so(name: str) -> None:
    model, x = open_any(name), make_input(name)
    for change in ("max-average", "max-slicing", "last-removed"):
        with pytest.raises(NothingToReplace, match="convolutions with a stride") as caught:
            operate(model, change, x)
        assert name in str(caught.value)


def test_a_function_is_no_layer_to_replace() -> None:
    model, x = open_random("mobilenet_v2"), make_input("mobilenet_v2")
    assert [facts.kind for facts in pooling_layers(model, x)] == ["adaptive_avg_pool2d"]
    with pytest.raises(NothingToReplace, match="adaptive_avg_pool2d in its own code"):
        operate(model, "average-max", x)


def test_a_dilated_maximum_has_no_average() -> None:
    model = as_model(nn.Sequential(nn.Conv2d(3, 2, 3), nn.MaxPool2d(2, dilation=2), nn.Flatten()))
    with pytest.raises(NothingToReplace):
        operate(model, "max-average", torch.randn(1, 3, 16, 16))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.MaxPool2d(3, 2), "max 3 × 3, stride 2"),
        (nn.MaxPool2d(3, 2, 1), "max 3 × 3, stride 2, padding 1"),
        (nn.AvgPool2d((2, 4)), "average 2 × 4, stride 2"),
        (nn.LPPool2d(2, 3, 1), "L2 3 × 3, stride 1"),
        (nn.MaxPool2d(1, 2), "one value of every 2 × 2"),
        (nn.MaxPool2d(1, 1), "nothing"),
        (nn.AdaptiveAvgPool2d(1), "global average"),
        (nn.AdaptiveMaxPool2d((1, 1)), "global max"),
        (nn.AdaptiveAvgPool2d(7), "average to 7 × 7 cells"),
        (nn.Identity(), "removed"),
    ],
)
def test_pooling_in_words(module: nn.Module, words: str) -> None:
    assert describe_pooling(module) == words


# Heads.


@pytest.mark.parametrize("name", ["tiny-vgg", "photo-net", "resnet18", "mobilenet_v2"])
def test_heads_count_as_real_layers_do(name: str) -> None:
    model, x = open_any(name), make_input(name)
    head = describe_head(model, x)
    assert head is not None
    channels, height, width = head.shape
    for count, inputs in ((head.flattened, channels * height * width), (head.averaged, channels)):
        assert count == sum(p.numel() for p in nn.Linear(inputs, len(model.classes), device="meta").parameters())
    dense = [module for module in model.network.modules() if isinstance(module, nn.Linear)]
    assert head.own == sum(p.numel() for module in dense for p in module.parameters())
    assert head.own == head.averaged
    assert head.pooled == (channels, 1, 1)


def test_a_head_that_averages_down_to_cells_and_one_without_weights() -> None:
    vgg = describe_head(open_random("vgg11"), make_input("vgg11"))
    assert vgg is not None
    assert vgg.pooled == (512, 7, 7)
    assert vgg.own > 100_000_000
    squeezenet = describe_head(open_random("squeezenet1_1"), make_input("squeezenet1_1"))
    assert squeezenet is not None
    assert squeezenet.own == 0


def test_a_network_without_pooling_has_no_head() -> None:
    model = as_model(nn.Sequential(nn.Conv2d(3, 2, 3, stride=2), nn.Flatten(), nn.Linear(2 * 7 * 7, 10)))
    assert describe_head(model, torch.randn(1, 3, 16, 16)) is None
    with pytest.raises(ValueError, match="no pooling layer"):
        try_sizes(model, 16, [16])


@pytest.mark.parametrize("name", ["tiny-vgg", "squeezenet1_1", "inception_v3"])
def test_sizes_as_a_real_dense_head_takes_them(name: str) -> None:
    model = open_any(name)
    trained, sides = (128, [32, 96, 128, 160]) if name != "tiny-vgg" else (32, [16, 32, 36, 64])
    head = describe_head(model, torch.zeros(1, 3, trained, trained))
    assert head is not None
    real = nn.Sequential(nn.Flatten(), nn.Linear(head.shape[0] * head.shape[1] * head.shape[2], 2))
    for found in try_sizes(model, trained, sides):
        x = torch.zeros(1, 3, found.side, found.side)
        try:
            model.network(x)
            runs = True
        except RuntimeError:
            runs = False
        assert (found.own == "") == runs
        if not runs:
            assert found.shape is None
            assert "shrink to nothing" in found.own
            assert found.dense == found.own
            continue
        assert found.shape is not None
        try:
            real(torch.zeros(1, *found.shape))
            accepts = True
        except RuntimeError:
            accepts = False
        assert (found.dense == "") == accepts == (found.side == trained)
        assert found.dense == "" or f"{head.shape[0] * head.shape[1] * head.shape[2]:,}" in found.dense


def test_a_size_that_cannot_run_is_refused_in_words() -> None:
    with pytest.raises(SizeRefused, match="shrink to nothing"):
        run_once(open_random("inception_v3"), torch.zeros(1, 3, 32, 32))
    fixed = as_model(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * 14 * 14, 10)))
    with pytest.raises(SizeRefused, match="another number of values"):
        run_once(fixed, torch.zeros(1, 3, 20, 20))


# The prediction while the picture moves.


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (1, 0), (1, 1)])
def test_predictions_one_by_one(plain: VisionModel, rows: int, columns: int) -> None:
    x = torch.randn(1, 3, 32, 32)
    found = predict_shifted(plain, x, rows, columns, most=3)
    assert found.shape == (4, 5)
    for step in range(4):
        wanted = plain.network(shift(x, step * rows, step * columns))[0].softmax(0)
        torch.testing.assert_close(found[step], wanted, rtol=1e-5, atol=1e-6)
    assert predict_shifted(plain, x).shape == (9, 5)


def test_a_maximum_that_says_where_it_was_stays() -> None:
    class Places(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool = nn.MaxPool2d(2, return_indices=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            values, _places = self.pool(x)
            return values.mean((2, 3))

    for change in ("max-average", "max-slicing", "last-removed"):
        with pytest.raises(NothingToReplace, match="asks pool also where each maximum was"):
            operate(as_model(Places(), classes=3), change, torch.randn(1, 3, 8, 8))


def test_a_network_without_strides_is_not_said_to_have_them() -> None:
    network = nn.Sequential(nn.Conv2d(3, 3, 3), nn.Flatten(), nn.Linear(3 * 36, 2))
    with pytest.raises(NothingToReplace, match=r"no max pooling layer\.$"):
        operate(as_model(network, classes=2), "max-average", torch.randn(1, 3, 8, 8))
