import torch
from torch import nn
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(30)
def test_one_cell() -> Recomputed:
    layer = nn.Conv2d(1, 1, 3)
    lost = 28 - layer(torch.zeros(1, 1, 28, 28)).shape[-1]
    side = layer.kernel_size[0]
    return {f"{side}", f"{layer.weight.numel()}", f"{layer.weight.numel() + layer.bias.numel()}", f"{lost}"}


@check_draws(30)
def test_drawn_patch(exercise: Drawn) -> Recomputed:
    *values, bias = map(int, numerals_in_order(exercise.question))
    patch, kernel = values[:9], values[9:]
    products = sum(pixel * weight for pixel, weight in zip(patch, kernel, strict=True))
    assert exercise.answer.startswith(f"**{max(0, products + bias)}**")
    return {f"{len(kernel)}", f"{products}", f"{products + bias}"}


@check(31)
def test_paddings() -> Recomputed:
    three, five = (keeping(kernel, 1) for kernel in (3, 5))
    assert keeping(4, 1) is None
    missing = 20 - functional.conv2d(torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, 4, 4)).shape[-1]
    for mode in ("zeros", "reflect", "replicate", "circular"):
        nn.Conv2d(1, 1, 3, padding=1, padding_mode=mode)
    return {"1", "3", "5", "4", f"{three}", f"{five}", f"{missing}"}


@check_draws(31)
def test_drawn_padding(exercise: Drawn) -> Recomputed:
    kernel, dilation, _ = map(int, numerals_in_order(exercise.question))
    padding = keeping(kernel, dilation)
    assert exercise.answer.startswith("**None**" if padding is None else f"**{padding}**")
    zeros = torch.zeros(1, 1, 60, 60), torch.zeros(1, 1, kernel, kernel)
    reach = 60 - functional.conv2d(*zeros, dilation=dilation).shape[-1]
    return {f"{reach}"} if padding is None else {f"{padding}", f"{reach}"}


def keeping(kernel: int, dilation: int) -> int | None:
    """The padding that keeps 60 rows, found by trying."""
    picture, weight = torch.zeros(1, 1, 60, 60), torch.zeros(1, 1, kernel, kernel)
    for padding in range(30):
        if functional.conv2d(picture, weight, padding=padding, dilation=dilation).shape[-1] == 60:
            return padding
    return None


@check(33)
def test_stride() -> Recomputed:
    one, two = (
        functional.conv2d(torch.zeros(1, 1, 64, 64), torch.zeros(1, 1, 3, 3), stride=stride, padding=1).numel()
        for stride in (1, 2)
    )
    assert one == 4 * two
    assert set(columns_read(3, 2, 1)) & set(columns_read(3, 2, 2)) == {4}
    return {"1", "2", "3"}


@check_draws(33)
def test_drawn_window(exercise: Drawn) -> Recomputed:
    kernel, stride, _, place = map(int, numerals_in_order(exercise.question))
    read = columns_read(kernel, stride, place)
    assert exercise.answer.startswith(f"**{read[0]} to {read[-1]}**")
    return {f"{read[0]}", f"{read[-1]}", f"{len(read)}"}


def columns_read(kernel: int, stride: int, place: int) -> list[int]:
    """Where the gradient of one column of the output does not vanish."""
    picture = torch.zeros(1, 1, kernel, 60, requires_grad=True)
    output = functional.conv2d(picture, torch.ones(1, 1, kernel, kernel), stride=stride)
    output[0, 0, 0, place].backward()
    return picture.grad[0, 0, 0].nonzero().flatten().tolist()


@check(34)
def test_no_padding() -> Recomputed:
    left = {kernel: rows(28, kernel, 1, 0) for kernel in (3, 5, 7)}
    assert 28 - left[7] == 2 * 3  # three rows at both edges
    return {"3", "5", "7", "28", f"{28 - left[5]}", f"{left[3]}", f"{left[5]}"}


@check_draws(34)
def test_drawn_valid(exercise: Drawn) -> Recomputed:
    side, _, kernel, _, _ = map(int, numerals_in_order(exercise.question))
    return {f"{rows(side, kernel, 1, 0)}"}


@check(35)
def test_stride_two() -> Recomputed:
    side, kernel, padding = 7, 3, 1
    left = rows(side, kernel, 2, padding)
    assert all(rows(n, kernel, 2, padding) == -(-n // 2) for n in range(1, 40))
    centres = [1 + 2 * place for place in range(left)]  # counted from 1
    return {f"{side}", f"{kernel}", f"{padding}", f"{left}", *map(str, centres)}


@check_draws(35)
def test_drawn_sizes(exercise: Drawn) -> Recomputed:
    side, _, kernel, _, stride, padding = map(int, numerals_in_order(exercise.question))
    room = side + 2 * padding - (kernel - 1) - 1
    return {f"{rows(side, kernel, stride, padding)}", f"{room}", f"{room // stride}"}


def rows(side: int, kernel: int, stride: int, padding: int) -> int:
    picture, weight = torch.zeros(1, 1, side, side), torch.zeros(1, 1, kernel, kernel)
    return functional.conv2d(picture, weight, stride=stride, padding=padding).shape[-1]
