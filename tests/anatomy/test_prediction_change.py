import numpy as np

from explorer.anatomy import PredictionChange

NAMES = ["ant", "bee", "cat", "dog"]
BEFORE = np.array([0.6, 0.25, 0.1, 0.05], np.float32)


def test_what_is_compared_and_in_which_order() -> None:
    after = np.array([0.1, 0.2, 0.1, 0.6], np.float32)
    change = PredictionChange(BEFORE, after, target=2, likely=1)
    assert change.shown() == [0, 2, 3]  # the best before, the best after, the one asked about
    names, now, then = change.bars(NAMES)
    assert names == ["ant", "cat", "dog"]
    np.testing.assert_allclose(now, [0.1, 0.1, 0.6], rtol=1e-6)
    np.testing.assert_allclose(then, [0.6, 0.1, 0.05], rtol=1e-6)
    assert PredictionChange.of_best(BEFORE, after).target == 0


def test_the_sentence() -> None:
    lost = np.array([0.1, 0.2, 0.1, 0.6], np.float32)
    assert PredictionChange(BEFORE, BEFORE, 1).describe(NAMES) == "**bee** stays at 25 %: nothing has changed."
    kept = np.array([0.5, 0.35, 0.1, 0.05], np.float32)
    assert PredictionChange(BEFORE, kept, 0).describe(NAMES) == (
        "**ant** goes from 60 % to 50 %; the prediction stays the same."
    )
    assert PredictionChange(BEFORE, kept, 1).describe(NAMES) == (
        "**bee** goes from 25 % to 35 %; the prediction stays **ant**."
    )
    assert PredictionChange(BEFORE, lost, 0).describe(NAMES) == (
        "**ant** goes from 60 % to 10 %; the prediction is now **dog** with 60 %."
    )
    assert PredictionChange(BEFORE, lost, 3).describe(NAMES) == (
        "**dog** goes from 5 % to 60 %; the prediction is now **dog**, no longer ant."
    )
