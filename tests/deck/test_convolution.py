import torch
from torch.nn import functional

from explorer.deck.card import Drawn
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(35)
def test_stride_two() -> Recomputed:
    side, kernel, padding = 7, 3, 1
    rows = _rows(side, kernel, 2, padding)
    assert all(_rows(n, kernel, 2, padding) == -(-n // 2) for n in range(1, 40))
    centres = [1 + 2 * place for place in range(rows)]  # counted from 1
    return {f"{side}", f"{kernel}", f"{padding}", f"{rows}", *map(str, centres)}


@check_draws(35)
def test_drawn_sizes(exercise: Drawn) -> Recomputed:
    side, _, kernel, _, stride, padding = map(int, numerals_in_order(exercise.question))
    rows = _rows(side, kernel, stride, padding)
    room = side + 2 * padding - (kernel - 1) - 1
    return {f"{rows}", f"{room}", f"{room // stride}"}


def _rows(side: int, kernel: int, stride: int, padding: int) -> int:
    picture, weight = torch.zeros(1, 1, side, side), torch.zeros(1, 1, kernel, kernel)
    return functional.conv2d(picture, weight, stride=stride, padding=padding).shape[-1]
