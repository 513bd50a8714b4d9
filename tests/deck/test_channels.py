import re
from inspect import signature
from math import prod

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Drawn
from explorer.zoo import load_model
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(32)
def test_numbers_of_a_picture() -> Recomputed:
    grey, coloured = np.zeros((28, 28), np.uint8), np.zeros((28, 28, 3), np.uint8)
    first = torch.from_numpy(coloured).permute(2, 0, 1)
    assert nn.Conv2d(3, 1, 1)(first.float()).shape == (1, 28, 28)
    brightest = np.iinfo(coloured.dtype).max
    return {*map(str, first.shape), f"{grey.size}", f"{coloured.size}", f"{brightest}"}


@check_draws(32)
def test_drawn_picture(exercise: Drawn) -> Recomputed:
    height, width, batch = map(int, numerals_in_order(exercise.question))
    grid = len(range(height)) * width
    return {f"{grid}", f"{3 * grid}", f"{batch}", "3", f"{height}", f"{width}"}


@check(36)
def test_filter_of_colours() -> Recomputed:
    layer = nn.Conv2d(3, 1, 5)
    return {"3", "5", f"{layer.weight.numel()}", f"{sum(each.numel() for each in layer.parameters())}"}


@check_draws(36)
def test_drawn_filter(exercise: Drawn) -> Recomputed:
    depth, side, _ = map(int, numerals_in_order(exercise.question))
    return {f"{side * side * depth}", f"{side * side * depth + 1}"}


@check(37)
def test_four_filters() -> Recomputed:
    layer = nn.Conv2d(3, 4, 5, padding=2)
    output = layer(torch.zeros(1, 3, 28, 28))
    return {
        *map(str, layer.weight.shape),
        *map(str, output.shape[1:]),
        f"{layer.weight.numel()}",
        f"{layer.bias.numel()}",
    }


@check_draws(37)
def test_drawn_layer(exercise: Drawn) -> Recomputed:
    _, _, depth, _, _, filters, side, _ = map(int, numerals_in_order(exercise.question))
    return {f"{filters * side * side * depth}", f"{filters}"}


@check(38)
def test_filters_nearly_alike_and_idle() -> Recomputed:
    network = load_model("efficientnet-lite0").network
    norms = network.get_submodule("stem.conv").weight.detach().flatten(1).norm(dim=1)
    idle = int((norms < norms.median() / 1000).sum())
    filters = network.get_submodule("stages.stage1.block1.depthwise.conv").weight.detach().flatten(1)
    unit = functional.normalize(filters[filters.norm(dim=1) > 0.1])
    assert (unit @ unit.T).fill_diagonal_(0).max() > 0.95  # nearly alike
    return {f"{len(norms)}", f"{idle}"}


@check(39)
def test_depth_of_the_input() -> Recomputed:
    weight = nn.Conv2d(25, 1, 5).weight
    assert nn.Conv2d(25, 1, 5, device="meta")(torch.zeros(1, 25, 128, 128, device="meta")).shape[1] == 1
    return {*map(str, weight.shape[1:]), f"{weight.numel()}"}


@check_draws(39)
def test_drawn_depth(exercise: Drawn) -> Recomputed:
    *_, depth, side, _ = map(int, numerals_in_order(exercise.question))
    return {f"{side}", f"{depth}", f"{side * side * depth}"}


@check(40)
def test_forty_five_filters() -> Recomputed:
    layer = nn.Conv2d(32, 45, 5)
    weights = layer.weight
    parameters = sum(each.numel() for each in layer.parameters())
    return {*map(str, weights.shape), f"{weights[0].numel()}", f"{weights.numel()}", f"{parameters}"}


@check_draws(40)
def test_drawn_filters(exercise: Drawn) -> Recomputed:
    depth, filters, side, _ = map(int, numerals_in_order(exercise.question))
    return {f"{filters}", f"{side}", f"{depth}", f"{filters * (side * side * depth + 1)}"}


@check(47)
def test_arguments() -> Recomputed:
    arguments = signature(nn.Conv2d).parameters
    assert (arguments["stride"].default, arguments["padding"].default) == (1, 0)
    assert {"dilation", "groups", "bias", "padding_mode"} <= arguments.keys()
    return {"3", "16", "5", *map(str, nn.Conv2d(3, 16, 5).weight.shape)}


@check_draws(47)
def test_drawn_line(exercise: Drawn) -> Recomputed:
    line = re.search(r"`(.*)`", exercise.question)
    assert line is not None
    layer = eval(line[1], {"nn": nn})
    *_, depth, rows, columns = map(int, numerals_in_order(exercise.question))
    shape = layer(torch.zeros(1, depth, rows, columns)).shape[1:]
    return {*map(str, shape), f"{sum(prod(each.shape) for each in layer.parameters())}"}


@check(49)
def test_groups() -> Recomputed:
    weights = {groups: nn.Conv2d(32, 32, 3, groups=groups).weight for groups in (1, 2, 32)}
    assert weights[32].shape[1] == 1
    two = nn.Conv2d(4, 6, 3, groups=2, bias=False)
    x = torch.randn(1, 4, 8, 8)
    halves = [functional.conv2d(x[:, 2 * half : 2 * half + 2], two.weight[3 * half : 3 * half + 3]) for half in (0, 1)]
    torch.testing.assert_close(two(x), torch.cat(halves, dim=1))
    return {"3", "32", *(f"{each.numel()}" for each in weights.values())}


@check_draws(49)
def test_drawn_groups(exercise: Drawn) -> Recomputed:
    depth, filters, side, groups = map(int, numerals_in_order(exercise.question))
    return {f"{depth // groups}", f"{filters * (depth // groups) * side * side}"}
