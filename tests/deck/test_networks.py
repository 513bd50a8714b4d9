import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.deck.card import Drawn
from explorer.zoo import load_model
from tests.deck.checks import Recomputed, check, check_draws, numerals_in_order


@check(45)
def test_shapes_of_tiny_vgg() -> Recomputed:
    network = load_model("tiny-vgg").network
    picture, shapes = torch.zeros(1, 3, 32, 32), []
    hooks = [
        network.get_submodule(f"features.pool{number}").register_forward_hook(
            lambda _, inputs, output: shapes.append(output.shape[1:])
        )
        for number in (1, 2, 3)
    ]
    with torch.inference_mode():
        network(picture)
    for hook in hooks:
        hook.remove()
    sides = {f"{side}" for shape in shapes for side in shape}
    return {"3", "32", *sides, f"{picture.numel()}", f"{shapes[-1].numel()}"}


@check_draws(45)
def test_drawn_blocks(exercise: Drawn) -> Recomputed:
    depth, side, _, blocks, _, _, channels = map(int, numerals_in_order(exercise.question))
    maps = torch.zeros(1, depth, side, side, device="meta")
    for block in range(blocks):
        filters = channels * 2**block
        maps = nn.MaxPool2d(2)(nn.Conv2d(maps.shape[1], filters, 3, padding=1, device="meta")(maps))
    return {*map(str, maps.shape[1:]), f"{maps.numel()}"}


@check(46)
def test_same_work() -> Recomputed:
    found = {"3"}
    for channels, side in ((64, 56), (128, 28)):
        layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False, device="meta")
        with FlopCounterMode(display=False) as counter:
            layer(torch.zeros(1, channels, side, side, device="meta"))
        found |= {f"{channels}", f"{side}", f"{counter.get_total_flops() // 2}"}
    return found
