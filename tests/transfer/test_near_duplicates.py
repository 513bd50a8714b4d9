"""Near-duplicates and what is done about them, against slower and simpler counting."""

import io
import time
from itertools import combinations

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from explorer.transfer.data.near_duplicates import (
    ALIKE,
    NEAR,
    ImageStatistics,
    Pairs,
    across_split,
    find_pairs,
    first_of_duplicates,
    image_statistics,
    leave_out_duplicates,
    part_of,
)
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import Split
from explorer.transfer.trial import TransferRejected
from tests.transfer.making_pictures import noise_file, noise_set


def saved_again(file: bytes, **how: object) -> bytes:
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(file)).convert("RGB")
    if "size" in how:
        image = image.resize(how.pop("size"))  # type: ignore[arg-type]
    if "brighter" in how:
        image = ImageEnhance.Brightness(image).enhance(how.pop("brighter"))  # type: ignore[arg-type]
    image.save(buffer, "JPEG", **how)
    return buffer.getvalue()


def with_files(pictures: PictureSet, files: dict[int, bytes]) -> PictureSet:
    new = tuple(files.get(place, file) for place, file in enumerate(pictures.files))
    return PictureSet(pictures.title, new, pictures.names, pictures.labels, pictures.classes)


def made(pairs: list[tuple[int, int]]) -> Pairs:
    places = np.array(pairs, np.int64).reshape(-1, 2)
    return Pairs(places, np.zeros(len(places), np.int64), np.zeros(len(places), np.bool_))


def test_copies_are_found_and_nothing_else() -> None:
    pictures = noise_set((20, 20))
    large = noise_file(3, (120, 100))
    pictures = with_files(
        pictures,
        {
            3: large,
            11: large,  # the same file
            25: saved_again(large, size=(60, 50), quality=70),
            38: saved_again(large, brighter=1.08, quality=90),
        },
    )
    pairs = find_pairs(image_statistics(pictures))
    assert {tuple(pair) for pair in pairs.places.tolist()} == set(combinations([3, 11, 25, 38], 2))
    assert pairs.places[pairs.exact].tolist() == [[3, 11]]
    assert pairs.distances[0] == 0
    assert (np.diff(pairs.distances) >= 0).all()
    assert pairs.complete


def test_the_hash_is_imagehashs_and_sizes_are_the_pictures() -> None:
    pictures = noise_set((5, 5))
    statistics = image_statistics(pictures)
    for place in range(len(pictures)):
        expected = imagehash.phash(pictures.image(place))
        assert f"{int(np.frombuffer(statistics.hashes[place].tobytes(), '>u8')[0]):016x}" == str(expected)
        assert tuple(statistics.sizes[place]) == (24, 20)


def test_the_same_pattern_in_other_colours_is_no_copy() -> None:
    red, blue = (Image.new("RGB", (40, 40), colour) for colour in ("#f00", "#00f"))
    files = {}
    for place, image in ((0, red), (5, blue)):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        files[place] = buffer.getvalue()
    statistics = image_statistics(with_files(noise_set((5, 5)), files))
    assert statistics.hashes[0] == statistics.hashes[5]
    assert len(find_pairs(statistics)) == 0


@given(st.integers(2, 600), st.integers(0, 2**16))
@settings(max_examples=25, deadline=None)
def test_pairs_are_those_of_plain_counting(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    centres = random.integers(0, 2**63, 1 + count // 8, dtype=np.uint64)
    hashes = centres[random.integers(0, len(centres), count)]
    for _ in range(5):  # some bits turned
        hashes = hashes ^ (np.uint64(1) << random.integers(0, 64, count, dtype=np.uint64))
    tiny = random.integers(0, 60, (count, 12, 12, 3)).astype(np.uint8)
    statistics = ImageStatistics(np.ones((count, 2), np.int64), hashes, np.arange(count), tiny)
    alike = 0.096  # between the differences that such noise has
    expected = {
        (a, b, distance)
        for a, b in combinations(range(count), 2)
        if (distance := (int(hashes[a]) ^ int(hashes[b])).bit_count()) <= NEAR
        and np.sqrt((((tiny[a] / 255.0) - (tiny[b] / 255.0)) ** 2).mean()) <= alike
    }
    pairs = find_pairs(statistics, alike=alike)
    assert {(*pair, far) for pair, far in zip(pairs.places.tolist(), pairs.distances.tolist(), strict=True)} == {
        *expected
    }


def test_five_thousand_pictures_take_seconds() -> None:
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**63, 5000, dtype=np.uint64)
    statistics = ImageStatistics(
        np.ones((5000, 2), np.int64), hashes, np.arange(5000), np.zeros((5000, 12, 12, 3), np.uint8)
    )
    started = time.process_time()
    find_pairs(statistics)
    assert time.process_time() - started < 5


def test_too_many_pairs_are_said_to_be_too_many() -> None:
    same = ImageStatistics(
        np.ones((1000, 2), np.int64),
        np.zeros(1000, np.uint64),
        np.zeros(1000, np.int64),
        np.zeros((1000, 12, 12, 3), np.uint8),
    )
    pairs = find_pairs(same)
    assert not pairs.complete
    assert len(pairs) == 200_000


def test_only_pairs_across_parts_count() -> None:
    dealt = Split(np.array([0, 1, 2]), np.array([3]), np.array([4, 5]))
    pairs = made([(0, 1), (1, 4), (4, 5), (3, 5), (2, 6)])
    assert across_split(pairs, dealt).places.tolist() == [[1, 4], [3, 5]]
    assert part_of(dealt, 7).tolist() == [0, 0, 0, 1, 2, 2, -1]


def test_of_twins_the_first_stays() -> None:
    pictures = noise_set((8, 8))
    pairs = made([(0, 3), (3, 9), (10, 11)])
    assert first_of_duplicates(pairs, 16).tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 10, 12, 13, 14, 15]
    left = leave_out_duplicates(pictures, pairs)
    assert left.counts.tolist() == [7, 6]
    assert left.files[3] == pictures.files[4]
    assert first_of_duplicates(made([]), 4).tolist() == [0, 1, 2, 3]


def test_nothing_but_twins() -> None:
    with pytest.raises(TransferRejected, match=r"Without the near-duplicates .* has 4"):
        leave_out_duplicates(noise_set((5, 5)), made([(0, 1)]))


def test_photographs_are_not_taken_for_copies() -> None:
    from explorer.datasets import has_dataset
    from explorer.transfer.data.built_in import load_built_in

    if not has_dataset("imagenette"):
        pytest.skip("EXPLORER_DATA holds no Imagenette")
    assert len(find_pairs(image_statistics(load_built_in("imagenette", 20)), NEAR, ALIKE)) == 0
