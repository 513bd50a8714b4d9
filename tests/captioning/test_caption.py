"""What a caption says of itself, against sums done by hand."""

import json
import math

import numpy as np
import pytest

from explorer.captioning import Alternative, Caption
from explorer.captioning.caption import STILL


def caption_of(attention: np.ndarray, **changes: object) -> Caption:
    count = len(attention)
    given = {
        "words": tuple(f"word{t}" for t in range(count)),
        "attention": attention.astype(np.float32),
        "log_probabilities": np.log(np.full(count, 0.5)),
        "alternatives": ((Alternative("other", 0.25),),) * count,
        "gates": np.full(count, 0.5),
        "end": math.log(0.5),
    }
    return Caption(**{**given, **changes})  # type: ignore[arg-type]


def moving(*shares: float) -> Caption:
    """Two cells; between words this share of the attention goes from one to the other."""
    left = np.cumsum([0.0, *shares])
    return caption_of(np.stack([1 - left, left], axis=1)[:, None])


def test_the_mean_move_leaves_the_first_word_out() -> None:
    assert moving(0.1, 0.3).mean_move == pytest.approx(0.2)
    assert not moving(0.1, 0.3).still


def test_still_is_what_moves_less_than_its_bound() -> None:
    assert moving(STILL * 0.9, STILL * 0.9).still
    assert not moving(STILL * 1.1).still


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_words_nothing_can_move(count: int) -> None:
    caption = caption_of(np.full((count, 2, 2), 0.25))
    assert math.isnan(caption.mean_move)
    assert not caption.still
    np.testing.assert_allclose(caption.entropy, [2.0] * count)
    assert len(caption.moves) == count


def test_json_holds_every_word_and_null_for_what_is_no_number() -> None:
    caption = caption_of(
        np.array([[[0.75, 0.25]], [[0.5, 0.5]]]),
        log_probabilities=np.array([np.log(0.125), np.nan]),
        gates=np.array([np.nan, 0.25]),
        words=("dog", "чужой"),
        unknown=("чужой",),
    )
    read = json.loads(caption.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert read["caption"] == "dog чужой"
    assert read["unknown"] == ["чужой"]
    assert read["log_probability"] == pytest.approx(math.log(0.125) + math.log(0.5))
    assert read["end_probability"] == pytest.approx(0.5)
    first, second = read["words"]
    assert (first["probability"], second["probability"]) == (pytest.approx(0.125), None)
    assert (first["gate"], second["gate"]) == (None, 0.25)
    assert (first["moved"], second["moved"]) == (None, pytest.approx(0.25))
    assert (first["attention"], second["attention"]) == ([[0.75, 0.25]], [[0.5, 0.5]])
    assert first["alternatives"] == [{"word": "other", "probability": 0.25}]
    assert second["entropy_bits"] == pytest.approx(1.0)
