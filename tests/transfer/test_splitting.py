"""The deal of pictures into parts: properties that hold for any labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from explorer.transfer.data.splitting import Split, split, take

Labels = NDArray[np.int64]


@st.composite
def labelled(draw: st.DrawFn, least: int = 5) -> Labels:
    counts = draw(st.lists(st.integers(least, 40), min_size=2, max_size=8))
    labels = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    return np.random.default_rng(draw(st.integers(0, 2**16))).permutation(labels)


def parts_of(dealt: Split) -> list[NDArray[np.int64]]:
    return [dealt.training, dealt.validation, dealt.test]


@given(labelled(), st.integers(0, 9999))
def test_every_picture_is_in_one_part_and_the_parts_are_sorted(labels: Labels, seed: int) -> None:
    dealt = split(labels, seed)
    together = np.concatenate(parts_of(dealt))
    assert sorted(together.tolist()) == list(range(len(labels)))
    for part in parts_of(dealt):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()


@given(labelled(), st.integers(0, 9999), st.floats(0.05, 0.4), st.floats(0.05, 0.4))
def test_every_class_has_its_share_within_one_picture_and_is_in_every_part(
    labels: Labels, seed: int, validation: float, test: float
) -> None:
    dealt = split(labels, seed, validation, test)
    shares = (1 - validation - test, validation, test)
    for label in np.unique(labels):
        count = np.count_nonzero(labels == label)
        for part, share in zip(parts_of(dealt), shares, strict=True):
            found = np.count_nonzero(labels[part] == label)
            assert found >= 1
            # What training gets is what two rounded shares leave.
            assert abs(found - share * count) <= (1 if part is not dealt.training else 2)


@given(labelled(), st.integers(0, 9999))
def test_the_usual_split_is_within_one_picture_in_all_parts(labels: Labels, seed: int) -> None:
    dealt = split(labels, seed)
    for label in np.unique(labels):
        count = np.count_nonzero(labels == label)
        for part, share in zip(parts_of(dealt), (0.6, 0.2, 0.2), strict=True):
            assert abs(np.count_nonzero(labels[part] == label) - share * count) <= 1


@given(labelled(), st.integers(0, 9999))
def test_the_same_seed_deals_the_same(labels: Labels, seed: int) -> None:
    for one, other in zip(parts_of(split(labels, seed)), parts_of(split(labels, seed)), strict=True):
        assert one.tolist() == other.tolist()


def test_other_seeds_deal_otherwise_and_classes_do_not_depend_on_each_other() -> None:
    labels = np.repeat([0, 1], 50)
    assert split(labels, 0).test.tolist() != split(labels, 1).test.tolist()
    more = np.concatenate([labels, np.full(30, 2)])
    first = split(labels, 0).test
    assert split(more, 0).test[: len(first)].tolist() == first.tolist()


@given(labelled(), st.integers(0, 9999), st.lists(st.floats(0.01, 1), min_size=2, max_size=5))
def test_smaller_shares_are_parts_of_larger_ones(labels: Labels, seed: int, shares: list[float]) -> None:
    dealt = split(labels, seed)
    before = set(dealt.training.tolist())
    for share in sorted(shares, reverse=True):
        less = take(dealt, labels, share, seed)
        now = set(less.training.tolist())
        assert now <= before
        assert less.validation.tolist() == dealt.validation.tolist()
        assert less.test.tolist() == dealt.test.tolist()
        for label in np.unique(labels):
            whole = np.count_nonzero(labels[dealt.training] == label)
            found = np.count_nonzero(labels[less.training] == label)
            assert found == max(1, round(share * whole))
        before = now
    assert take(dealt, labels, 1.0, seed).training.tolist() == dealt.training.tolist()


def test_without_a_part() -> None:
    labels = np.repeat([0, 1], 10)
    dealt = split(labels, 0, validation=0.0, test=0.3)
    assert len(dealt.validation) == 0
    assert np.bincount(labels[dealt.test]).tolist() == [3, 3]


@pytest.mark.parametrize("shares", [(-0.1, 0.2), (0.5, 0.5), (0.2, 0.9)])
def test_shares_that_leave_nothing(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="nothing to learn from"):
        split(np.repeat([0, 1], 10), 0, *shares)


@pytest.mark.parametrize("share", [0.0, 1.1, -1.0])
def test_shares_that_are_none(share: float) -> None:
    labels = np.repeat([0, 1], 10)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        take(split(labels, 0), labels, share, 0)
