"""Where parts of a date looked, sums cut short, and the gates of the decoder's step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.sequences.attention.dates import read_text
from explorer.sequences.attention.finding import Look, cut_sum, find_looks, find_pieces, say_looks
from explorer.sequences.attention.steps import Run, open_gates, write
from tests.sequences.test_date_steps import draw_network


def look_at(text: str, places: list[int]) -> Run:
    """A run whose ten characters look at one typed character each."""
    run = write(draw_network(True, 1), read_text(text))
    steps = tuple(
        replace(step, weights=np.eye(len(text))[place]) for step, place in zip(run.steps, places, strict=True)
    )
    return replace(run, steps=steps)


def test_parts_look_at_the_piece_with_most_of_their_attention() -> None:
    run = look_at("3 may, '98", [7, 8, 9, 0, 1, 2, 5, 5, 0, 0])
    assert find_looks(run) == {"year": Look("'98", 0.75), "month": Look("may", 0.5), "day": Look("3", 1.0)}
    assert say_looks(run) == (
        "**It looked for the year at “'98” (75 %), for the month at “may” (50 %), for the day at “3” (100 %).**"
    )
    assert find_looks(look_at(",", [0] * 10)) == {}
    assert say_looks(look_at(",", [0] * 10)) == ""
    assert find_pieces("05/05/2004, 05.x") == ("05", "2004", "x")


def test_what_stands_in_a_sentence_means_nothing_in_markdown() -> None:
    assert r"“\*a\*”" in say_looks(look_at("*a*", [0] * 10))


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=20), st.integers(1, 6))
def test_a_sum_cut_short_is_the_whole_sum(values: list[float], shown: int) -> None:
    cut = cut_sum({str(place): value for place, value in enumerate(values)}, shown)
    assert sum(value for _, value in cut) == pytest.approx(sum(values), abs=1e-12)
    named = [abs(value) for _, value in cut[:shown]]
    assert named == sorted((abs(value) for value in values), reverse=True)[: len(named)]
    assert len(cut) == min(len(values), shown) + (len(values) > shown)
    if len(values) > shown:
        assert cut[-1][0] == f"{len(values) - shown} other{'s' if len(values) - shown > 1 else ''}"


@pytest.mark.parametrize("place", [0, 6])
def test_gates_are_those_that_make_pytorchs_state(place: int) -> None:
    network = draw_network(True, 4)
    step = write(network, read_text("3 May 1998")).steps[place]
    gates = open_gates(network, step)
    network.double()
    x = torch.cat([network.written.weight[step.before], torch.from_numpy(step.context)])
    h = torch.from_numpy(step.asking)
    # torch.nn.GRUCell's documentation: r, z, n and h' = (1 - z) n + z h, in this order in its weights.
    (wr, wz, wn), (ur, uz, un) = (each.split(64) for each in (network.decoder.weight_ih, network.decoder.weight_hh))
    (br, bz, bn), (cr, cz, cn) = (each.split(64) for each in (network.decoder.bias_ih, network.decoder.bias_hh))
    r = torch.sigmoid(wr @ x + br + ur @ h + cr)
    z = torch.sigmoid(wz @ x + bz + uz @ h + cz)
    n = torch.tanh(wn @ x + bn + r * (un @ h + cn))
    for ours, theirs in ((gates.reset, r), (gates.update, z), (gates.candidate, n)):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-14)
    state = network.decoder(x[None], h[None])[0].numpy()
    np.testing.assert_allclose((1 - gates.update) * gates.candidate + gates.update * step.asking, state, atol=1e-14)
