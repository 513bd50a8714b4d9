import re
from inspect import signature

import torch
import torchvision
from torch import nn
from torch.nn import functional

from explorer.deck.card import Drawn
from explorer.zoo import load_model
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(41)
def test_weights_at_any_size() -> Recomputed:
    layer = nn.Conv2d(64, 128, 3, bias=False, device="meta")
    for side in (14, 56):
        layer(torch.zeros(1, 64, side, side, device="meta"))
    filters, depth, rows, _ = layer.weight.shape
    return {f"{rows}", f"{depth}", f"{filters}", f"{layer.weight.numel()}"}


@check_draws(41)
def test_drawn_work(exercise: Drawn) -> Recomputed:
    _, _, depth, filters, side, _, _, _ = map(int, numerals_in_order(exercise.question))
    weights = 9 * depth * filters
    return {f"{weights}", f"{weights * side**2}", f"{weights * (side // 2) ** 2}"}


@check(42)
def test_two_by_two() -> Recomputed:
    halved = functional.max_pool2d(torch.zeros(1, 3, 28, 28), 2)
    odd = torch.zeros(1, 1, 7, 7)
    left, kept = (functional.max_pool2d(odd, 2, ceil_mode=mode).shape[-1] for mode in (False, True))
    window = torch.tensor([[[[1.0, 5.0], [2.0, -4.0]]]])
    assert functional.max_pool2d(window, 2).item() == 5
    assert functional.avg_pool2d(window, 2).item() == 1
    return {*map(str, halved.shape[1:]), f"{window.numel()}", f"{odd.shape[-1]}", f"{left}", f"{kept}"}


@check_draws(42)
def test_drawn_windows(exercise: Drawn) -> Recomputed:
    _, _, _, *values = map(int, numerals_in_order(exercise.question))
    windows = [
        [values[4 * (row + down) + column + right] for down in (0, 1) for right in (0, 1)]
        for row in (0, 2)
        for column in (0, 2)
    ]
    found = [f"{max(window)}" for window in windows] + [f"{sum(window) / 4:g}" for window in windows]
    assert numerals_in_order(exercise.answer) == found
    return set(found)


@check(43)
def test_dense_behind_maps() -> Recomputed:
    maps = torch.zeros(1, 512, 14, 14)
    pooled = functional.max_pool2d(maps, 2)
    both = [nn.Linear(each.numel(), 1000, device="meta").weight.numel() for each in (maps, pooled)]
    return {"1000", *map(str, maps.shape[1:]), *map(str, pooled.shape[1:]), *map(str, both)}


@check_draws(43)
def test_drawn_dense(exercise: Drawn) -> Recomputed:
    channels, side, _, classes, *_ = map(int, numerals_in_order(exercise.question))
    return {f"{(channels * rows * rows + 1) * classes}" for rows in (side, side // 2)}


@check(44)
def test_other_sizes() -> Recomputed:
    network = load_model("tiny-vgg").network
    read: dict[int, int] = {}
    with torch.inference_mode():
        for side in (32, 256):
            with network.get_submodule("average").register_forward_pre_hook(
                lambda _, inputs, side=side: read.update({side: inputs[0].numel()})
            ):
                assert network(torch.zeros(1, 3, side, side)).shape == (1, 10)
    return {*map(str, read), *map(str, read.values())}


@check(48)
def test_arguments() -> Recomputed:
    layer = nn.MaxPool2d(3)
    assert layer.stride == layer.kernel_size
    assert nn.MaxPool2d(2)(torch.zeros(1, 1, 8, 8)).shape[-1] == 4
    assert {"padding", "dilation", "ceil_mode"} <= signature(nn.MaxPool2d).parameters.keys()
    assert nn.MaxPool2d(3, padding=1)(torch.full((1, 1, 6, 6), -5.0)).max() == -5  # padding never wins
    return {"2"}


@check_draws(48)
def test_drawn_size(exercise: Drawn) -> Recomputed:
    line = re.search(r"`(.*)`", exercise.question)
    assert line is not None
    layer = eval(line[1], {"nn": nn})
    side = int(numerals_in_order(exercise.question)[-1])
    assert exercise.answer.startswith(f"**{layer(torch.zeros(1, 1, side, side)).shape[-1]}**")
    return {f"{layer(torch.zeros(1, 1, side, side)).shape[-1]}", f"{layer.stride}"}


@check(56)
def test_share_of_dense_layers() -> Recomputed:
    with torch.device("meta"):
        vgg, resnet = torchvision.models.vgg16(), torchvision.models.resnet50()
    whole = sum(each.numel() for each in vgg.parameters())
    shares = (
        sum(each.numel() for each in head.parameters()) / sum(each.numel() for each in network.parameters())
        for head, network in ((vgg.classifier, vgg), (resnet.fc, resnet))
    )
    return {f"{whole}", *(f"{100 * share:.0f}" for share in shares)}


@check_draws(56)
def test_drawn_head(exercise: Drawn) -> Recomputed:
    channels, rows, columns, classes = map(int, numerals_in_order(exercise.question))
    flattened = nn.Linear(channels * rows * columns, classes, device="meta")
    averaged = nn.Linear(channels, classes, device="meta")
    return {f"{sum(each.numel() for each in layer.parameters())}" for layer in (flattened, averaged)}
