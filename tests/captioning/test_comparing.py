from __future__ import annotations

import math

import numpy as np
import pytest

from explorer.captioning import Caption
from explorer.captioning.caption import Alternative
from explorer.captioning.comparing import bits_of, say_agreement, say_comparison, word_rows


def test_correlations_in_words() -> None:
    said = [say_agreement(value) for value in (0.9, 0.5, 0.0, -0.5)]
    assert len(set(said)) == 4
    assert "same story" in said[0]
    assert "contradict" in said[3]
    assert "cannot be compared" in say_agreement(float("nan"))


def caption_of(words: str, log_probabilities: list[float], unknown: tuple[str, ...] = ()) -> Caption:
    count = len(log_probabilities)
    others = ((Alternative("cat", 0.5), Alternative("<end>", 0.1)),) * count
    values = np.array(log_probabilities, dtype=np.float32)
    even = np.full((count, 2, 2), 0.25, dtype=np.float32)
    return Caption(tuple(words.split()), even, values, others, np.ones(count), math.log(0.5), unknown)


def test_how_much_more_probable() -> None:
    own = caption_of("a cat", [math.log(0.5), math.log(0.5)])
    assert bits_of(own) == pytest.approx(3)
    assert say_comparison(own, own).startswith("A bit is one halving")
    rare = caption_of("a dog", [math.log(0.5), math.log(1 / 64)])
    assert say_comparison(rare, own) == "It finds its own caption 32 times as probable as this sentence."
    assert say_comparison(own, rare) == "It finds this sentence 32 times as probable as its own caption."
    hopeless = caption_of("a dog", [math.log(0.5), -100 * math.log(2)])
    assert say_comparison(hopeless, own) == "It finds its own caption 2^99 times as probable as this sentence."
    half = caption_of("a zyx", [math.log(0.25), math.nan], ("zyx",))
    assert say_comparison(half, own).endswith("times as probable as this sentence, the unknown words left out.") or (
        say_comparison(half, own).endswith("as probable as its own caption, the unknown words left out.")
    )
    assert say_comparison(caption_of("zyx", [math.nan], ("zyx",)), own).startswith("None of these words is known")


def test_what_it_would_rather_have_said() -> None:
    rows = word_rows(caption_of("dog ant zyx", [math.log(0.25), math.log(0.6), math.nan], ("zyx",)))
    assert [row["rather"] for row in rows] == ["cat (50 %)", "–", "cat (50 %)", "–"]
    assert [row["bits"] for row in rows] == ["2", "0.737", "–", "1"]
    assert [row["probability"] for row in rows] == ["25 %", "60 %", "not known", "50 %"]
