"""A program that plays the same game by PyTorch alone."""

from __future__ import annotations

from explorer.generators.plane.game import BATCH, CODES, FAKES, HIDDEN, MEASURED, SHARPNESS, Recipe, count_uniforms
from explorer.generators.plane.points import Reals
from explorer.snippet import snippet

_IN_A_LINE = 5  # points


def gan_snippet(reals: Reals, recipe: Recipe, rounds: int) -> str:
    """Every round of the game: `values`, both networks, and the `fakes` of the codes by which they are measured.

    Args:
        reals: Written out.
        recipe: How it is played.
        rounds: How many.
    """
    codes = CODES[recipe.codes]
    rows = [str(list(row)) for row in reals.rows]
    lines = [", ".join(rows[start : start + _IN_A_LINE]) for start in range(0, len(rows), _IN_A_LINE)]
    shaping = (
        [
            "    length, angle = (-2 * (1 - drawn[::2]).log()).sqrt(), 2 * torch.pi * drawn[1::2]",
            f"    return torch.stack([length * angle.cos(), length * angle.sin()], 1)[:, :{codes.size}]",
        ]
        if codes.normal
        else [f"    return 2 * drawn.view(-1, {codes.size}) - 1"]
    )
    adam = "" if recipe.optimiser == "SGD" else ", betas=(0.5, 0.999)"
    maker_loss = "-F.logsigmoid(logits)" if recipe.loss == "non_saturating" else "F.logsigmoid(-logits)"
    return snippet(
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        "points = torch.tensor([",
        *(f"    {line}," for line in lines),
        "], dtype=torch.float64)",
        "",
        "",
        "def chance(state):  # mulberry32",
        "    while True:",
        "        state = (state + 0x6D2B79F5) & 0xFFFFFFFF",
        "        mixed = (state ^ state >> 15) * (state | 1) & 0xFFFFFFFF",
        "        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) & 0xFFFFFFFF",
        "        yield (mixed ^ mixed >> 14) / 2**32",
        "",
        "",
        "def draw(numbers, count):",
        "    return torch.tensor([next(numbers) for _ in range(count)], dtype=torch.float64)",
        "",
        "",
        f"def draw_codes(numbers, count={BATCH}):",
        f"    drawn = draw(numbers, {count_uniforms(codes)} * count)",
        *shaping,
        "",
        "",
        "def make(*sizes):",
        "    layers = [nn.Linear(a, b, dtype=torch.float64) for a, b in zip(sizes, sizes[1:])]",
        "    return nn.Sequential(*[part for layer in layers for part in (layer, nn.Tanh())][:-1])",
        "",
        "",
        f"torch.manual_seed({recipe.seed})",
        f"discriminator = make(2, {', '.join(map(str, HIDDEN))}, 1)",
        "with torch.no_grad():",
        "    for layer in discriminator[::2]:",
        f"        layer.weight *= {SHARPNESS!r}",
        f"generator = make({codes.size}, {', '.join(map(str, HIDDEN))}, 2)",
        *(
            f"of_{name} = torch.optim.{recipe.optimiser}({name}.parameters(), lr={rate!r}{adam})"
            for name, rate in zip(("discriminator", "generator"), recipe.rates, strict=True)
        ),
        f"numbers = chance({recipe.seed})",
        "values = []",
        f"for round in range({rounds}):",
        f"    for turn in range({recipe.turns[0]}):",
        f"        real = discriminator(points[(draw(numbers, {BATCH}) * len(points)).long()])",
        "        fake = discriminator(generator(draw_codes(numbers)).detach())",
        "        value = F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()",
        "        of_discriminator.zero_grad()",
        "        (-value).backward()",
        "        of_discriminator.step()",
        "    values.append(value.item())",
        f"    for turn in range({recipe.turns[1]}):",
        "        logits = discriminator(generator(draw_codes(numbers)))",
        "        of_generator.zero_grad()",
        f"        ({maker_loss}).mean().backward()",
        "        of_generator.step()",
        "with torch.no_grad():",
        f"    fakes = generator(draw_codes(chance({recipe.seed + MEASURED}), {FAKES}))",
        "print(values[-1:], fakes.mean(0), fakes.std(0))",
    )
