"""Kinds of training photos: found, named, kept, and a distance that tells unlike photos."""

from pathlib import Path

import numpy as np
import pytest

from explorer.captioning.familiarity import Familiarity, learn_kinds, name_kinds


def photos(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features about three directions, and which."""
    random = np.random.default_rng(seed)
    which = random.integers(0, 3, count)
    return 5 * np.eye(3, 6)[which] + 0.3 * random.standard_normal((count, 6)) + 1, which


CAPTIONS = {0: ("a", "dog", "in", "the", "snow"), 1: ("a", "boy", "on", "a", "swing"), 2: ("a", "surfer", "a", "wave")}


@pytest.fixture(scope="module")
def known() -> Familiarity:
    features, which = photos(300, 0)
    return learn_kinds(features, [[CAPTIONS[kind]] for kind in which], photos(200, 1)[0], kinds=3)


def test_kinds_are_the_groups_and_have_their_captions_words(known: Familiarity) -> None:
    assert {frozenset(words) for words in known.names} == {
        frozenset(("dog", "snow")),
        frozenset(("boy", "swing")),
        frozenset(("surfer", "wave")),
    }
    for feature, kind in zip(*photos(30, 2), strict=True):
        nearest = known.judge(feature).nearest
        assert set(nearest[0].words) == set(CAPTIONS[int(kind)]) & set(nearest[0].words)
        assert nearest[0].cosine >= nearest[1].cosine >= nearest[2].cosine


def test_the_distance_is_one_less_the_cosine(known: Familiarity) -> None:
    feature = photos(1, 3)[0][0]
    direction = feature - known.mean
    cosines = [
        float(kind @ direction / np.linalg.norm(kind) / np.linalg.norm(direction)) for kind in known.kinds.astype(float)
    ]
    assert known.judge(feature).distance == pytest.approx(1 - max(cosines), abs=1e-5)


def test_percentiles_are_those_of_held_out_photos(known: Familiarity) -> None:
    found = [known.judge(feature) for feature in photos(200, 1)[0]]
    distances = np.array([each.distance for each in found])
    for each in found:
        assert each.percentile == pytest.approx(100 * (distances < each.distance).mean(), abs=1.5)
        assert each.unlike == (each.percentile >= 90)
    far = known.judge(known.mean - 5 * np.ones(6))
    assert far.percentile == 100
    assert far.unlike


def test_it_is_kept_in_a_file(known: Familiarity, tmp_path: Path) -> None:
    known.save(tmp_path / "kinds.safetensors")
    again = Familiarity.open(tmp_path / "kinds.safetensors")
    assert again is not None
    assert again.names == known.names
    feature = photos(1, 4)[0][0]
    assert again.judge(feature).distance == pytest.approx(known.judge(feature).distance, abs=2e-3)
    assert Familiarity.open(tmp_path / "nothing") is None


def test_words_that_all_kinds_share_name_none() -> None:
    captions = [[("red", "dog")], [("red", "dog")], [("red", "cat")], [("red", "cat")]]
    assert [words[0] for words in name_kinds(np.array([0, 0, 1, 1]), captions, 2)] == ["dog", "cat"]
