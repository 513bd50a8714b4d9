"""Sentences about a date: what they say is read off the run again."""

from __future__ import annotations

import re

import numpy as np
import pytest

from explorer.sequences.attention.dates import read_text
from explorer.sequences.attention.describing import say_day, say_moved, say_unknown, say_written
from explorer.sequences.attention.steps import write
from tests.sequences.test_date_steps import draw_network


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("1998-05-03", ""),
        ("1998-02-31", "There is no 31 February 1998"),
        ("2023-02-29", "There is no 29 February 2023"),
        ("1998-13-01", "1998-13-01 is no date at all"),
        ("1998-05-00", "There is no 0 May 1998"),
        ("19-8-05-03", "19-8-05-03 is no date at all"),
        ("1998-0-103", "1998-0-103 is no date at all"),
    ],
)
def test_a_day_that_does_not_exist_is_said_to(iso: str, said: str) -> None:
    assert say_day(iso).startswith(said)
    assert bool(say_day(iso)) is bool(said)


def test_unknown_characters_are_named() -> None:
    assert say_unknown(read_text("3 May")) == ""
    assert "know “ä” and read it" in say_unknown(read_text("3 Mäy"))
    assert "know “ä”, “€” and “ö”, and" in say_unknown(read_text("3 Mä€ öä"))
    assert r"“\*”" in say_unknown(read_text("3*May"))  # it means nothing in Markdown


@pytest.mark.parametrize("seed", [0, 3, 8])
def test_a_guess_is_called_one_and_a_move_tells_what_changed(seed: int) -> None:
    network, reading = draw_network(True, seed), read_text("3 May")
    own = write(network, reading)
    assert own.probability < 0.5
    assert say_written(own).endswith(": a guess.")
    changed = 0
    for onto in range(5):
        moved = write(network, reading, {4: np.eye(5)[onto]})
        sentence = say_moved(own, moved, [4])
        assert moved.text in sentence
        if moved.text == own.text:
            assert "all the same" in sentence
            continue
        others = [place + 1 for place in range(5, 10) if moved.text[place] != own.text[place]]
        assert [int(each) for each in re.findall(r"\d+", sentence.partition("left alone")[2])] == others
        changed += 1
    assert changed
