from __future__ import annotations

import numpy as np

from explorer.rendering import SERIES, UNDEFINED, PathLine, decode_png, terrain_picture


def count(pixels: np.ndarray, colour: tuple[int, ...]) -> int:
    return int((np.abs(pixels[..., :3].astype(int) - colour).sum(axis=2) < 12).sum())


def test_every_path_has_its_colour_and_what_is_not_finite_stays_grey() -> None:
    places = np.linspace(-1, 1, 41)
    x, y = np.meshgrid(places, places)
    losses = np.where(x < -0.5, np.nan, x**2 + y**2)
    ends = [[1, 0.2 * kind] for kind in range(6)] + [[1e12, 1e12]]  # the last one leaves the picture
    lines = [PathLine(f"path {kind}", kind, np.array([[-0.4, -0.9], end])) for kind, end in enumerate(ends)]
    pixels = decode_png(terrain_picture(losses, 1.0, lines, "x**2 + y**2"))
    for colour in SERIES:
        assert count(pixels, tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))) > 200, (
            colour
        )  # 38 in the legend alone
    assert count(pixels, UNDEFINED) > pixels[..., 0].size / 10


def test_a_flat_terrain_is_drawn_too() -> None:
    pixels = decode_png(terrain_picture(np.ones((5, 5)), 2.0, [PathLine("p", 0, np.zeros((1, 2)))], "x*0"))
    assert pixels.std() > 0
