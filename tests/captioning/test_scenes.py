"""Composed scenes: the caption is derived here a second time, from the boxes alone."""

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.captioning.scenes import (
    ClassImages,
    NounBox,
    Scene,
    ScenesRejected,
    compose,
    name_words,
    peak,
    points_into,
    read_class_images,
    scene_vocabulary,
)
from explorer.captioning.vocabulary import MARKS, UNKNOWN

CLASSES = ("airplane", "frog", "garbage_truck", "horse", "ship")
SEEDS = st.integers(0, 2**63 - 1)


def flat_pictures(side: int = 32) -> ClassImages:
    """Every picture of one colour that no other picture has: (40 * class, number, 200)."""
    return ClassImages(
        {
            name: np.stack([np.full((side, side, 3), (40 * label, number, 200), np.uint8) for number in range(3)])
            for label, name in enumerate(CLASSES)
        }
    )


def noisy_pictures() -> ClassImages:
    generator = np.random.default_rng(0)
    return ClassImages({name: generator.integers(0, 256, (2, 32, 32, 3), np.uint8) for name in CLASSES})


def overlap(first: tuple[int, int], second: tuple[int, int]) -> int:
    return max(0, min(first[1], second[1]) - max(first[0], second[0]))


def retell(scene: Scene) -> str:
    """The caption as a person would tell it who sees the boxes and knows what is in each."""
    things = {box: scene.words[box.word] for box in scene.boxes}
    highest = min(things, key=lambda box: box.top)
    upper = [box for box in things if overlap((box.top, box.bottom), (highest.top, highest.bottom))]
    lower = [box for box in things if box not in upper]
    spoken = {"airplane": "an airplane", "truck": "a garbage truck"}

    def tell(row: list[NounBox], link: str) -> str:
        return f" {link} ".join(
            spoken.get(things[box], f"a {things[box]}") for box in sorted(row, key=lambda box: box.left)
        )

    return f"{tell(upper, 'and')} above {tell(lower, 'and')}" if lower else tell(upper, "beside")


@given(SEEDS)
def test_the_caption_is_what_the_boxes_say(seed: int) -> None:
    scene = compose(flat_pictures(), seed)
    assert scene.text == retell(scene)
    assert 2 <= len(scene.boxes) <= 4
    assert [box.word for box in scene.boxes] == sorted(box.word for box in scene.boxes)


@given(SEEDS)
def test_the_box_of_a_noun_shows_what_it_names(seed: int) -> None:
    scene = compose(flat_pictures(), seed, jitter=0)
    labels = [name.split("_")[-1] for name in CLASSES]
    nouns = [index for index, word in enumerate(scene.words) if word in labels]
    assert [box.word for box in scene.boxes] == nouns
    for box in scene.boxes:
        inside = scene.pixels[box.top : box.bottom, box.left : box.right]
        assert inside.shape == (32, 32, 3)
        assert (inside == inside[0, 0]).all()
        assert tuple(inside[0, 0, ::2]) == (40 * labels.index(scene.words[box.word]), 200)


@given(SEEDS)
def test_pictures_are_pasted_whole_and_unchanged(seed: int) -> None:
    images = noisy_pictures()
    scene = compose(images, seed, jitter=0)
    names = {name_words(name)[-1]: name for name in CLASSES}
    for box in scene.boxes:
        inside = scene.pixels[box.top : box.bottom, box.left : box.right]
        assert any(np.array_equal(inside, picture) for picture in images.pictures[names[scene.words[box.word]]])


@given(SEEDS, st.sampled_from([(32, 96), (32, 72), (20, 50), (32, 200)]))
def test_objects_are_whole_and_apart_and_rows_are_rows(seed: int, sides: tuple[int, int]) -> None:
    of_picture, of_scene = sides
    scene = compose(flat_pictures(of_picture), seed, side=of_scene)
    assert scene.pixels.shape == (of_scene, of_scene, 3)
    assert scene.pixels.dtype == np.uint8
    for box in scene.boxes:
        assert 0 <= box.left < box.right <= of_scene
        assert 0 <= box.top < box.bottom <= of_scene
        assert box.right - box.left == box.bottom - box.top
        assert 0.9 * of_picture - 0.5 <= box.right - box.left <= 1.1 * of_picture + 0.5
    for number, one in enumerate(scene.boxes):
        for other in scene.boxes[number + 1 :]:
            across = overlap((one.left, one.right), (other.left, other.right))
            down = overlap((one.top, one.bottom), (other.top, other.bottom))
            assert not (across and down)
            between = scene.words[one.word + 1 : other.word]
            if "above" in between:
                assert down == 0
                assert one.bottom < other.top
            else:  # of one row: more side by side than above each other
                assert down >= 0.5 * min(one.bottom - one.top, other.bottom - other.top)
                assert one.right < other.left


@given(SEEDS)
def test_a_seed_is_a_scene(seed: int) -> None:
    images = noisy_pictures()
    first, second, other = compose(images, seed), compose(images, seed), compose(images, seed + 1)
    assert all(np.array_equal(a, b) for a, b in zip(astuple(first), astuple(second), strict=True))
    assert not np.array_equal(first.pixels, other.pixels)


def test_two_three_and_four_objects_are_as_frequent_and_so_are_the_classes() -> None:
    scenes = [compose(flat_pictures(), seed) for seed in range(900)]
    counts = np.bincount([len(scene.boxes) for scene in scenes], minlength=5)
    assert counts.sum() == 900
    assert (np.abs(counts[2:] - 300) < 4 * np.sqrt(900 * 2 / 9)).all()
    shapes = {tuple(word for word in scene.words if word in ("above", "and", "beside")) for scene in scenes}
    assert shapes == {("beside",), ("above",), ("above", "and"), ("and", "above"), ("and", "above", "and")}
    nouns = [scene.words[box.word] for scene in scenes for box in scene.boxes]
    share = np.array([nouns.count(name_words(name)[-1]) for name in CLASSES]) / len(nouns)
    assert np.abs(share - 0.2).max() < 4 * np.sqrt(0.16 / len(nouns))


def test_grounds_have_texture_and_differ() -> None:
    scenes = [compose(flat_pictures(), seed) for seed in range(60)]
    grounds = []
    for scene in scenes:
        free = np.ones((96, 96), dtype=bool)
        for box in scene.boxes:
            free[box.top : box.bottom, box.left : box.right] = False
        grounds.append(scene.pixels[free].astype(float))
    assert np.mean([ground.std(axis=0).max() > 5 for ground in grounds]) > 0.9
    means = np.stack([ground.mean(axis=0) for ground in grounds])
    assert (means.std(axis=0) > 30).all()


def test_the_vocabulary_has_every_word_of_every_caption_and_no_other() -> None:
    vocabulary = scene_vocabulary(CLASSES)
    scenes = [compose(flat_pictures(), seed) for seed in range(300)]
    assert {word for scene in scenes for word in scene.words} == set(vocabulary.words) - set(MARKS)
    assert UNKNOWN not in {number for scene in scenes for number in vocabulary.encode(scene.words)}


def test_a_folder_of_class_folders_is_read(tmp_path: Path) -> None:
    for name, colour, count in (("cat", "red", 3), ("dog", "blue", 2), ("nothing", "red", 0), (".hidden", "red", 2)):
        (tmp_path / name).mkdir()
        for number in range(count):
            Image.new("RGB", (32, 32), colour).save(tmp_path / name / f"{number}.png")
    (tmp_path / "readme.txt").write_text("not a class")
    (tmp_path / "cat" / "notes.txt").write_text("not a picture")
    (tmp_path / "dog" / "cut.png").write_bytes((tmp_path / "dog" / "0.png").read_bytes()[:40])
    (tmp_path / "nothing" / "empty.jpg").touch()
    (tmp_path / "dog" / "folder.png").mkdir()
    wide = Image.new("RGB", (90, 30), "white")
    wide.paste("blue", (30, 0, 60, 30))  # its middle
    wide.save(tmp_path / "dog" / "wide.png")
    images = read_class_images(tmp_path, side=16)
    assert images.classes == ("cat", "dog")
    assert images.skipped == 3
    assert {name: pictures.shape for name, pictures in images.pictures.items()} == {
        "cat": (3, 16, 16, 3),
        "dog": (3, 16, 16, 3),
    }
    assert (images.pictures["cat"] == (255, 0, 0)).all()
    assert (images.pictures["dog"][:2] == (0, 0, 255)).all()
    assert (images.pictures["dog"][2, :, 2:-2] == (0, 0, 255)).all()
    assert read_class_images(tmp_path, side=16, most=1).pictures["cat"].shape == (1, 16, 16, 3)
    assert set(compose(images, 0, side=64).words) <= set(scene_vocabulary(images.classes).words)


def test_pictures_of_the_right_size_are_not_resampled(tmp_path: Path) -> None:
    images = noisy_pictures()
    for name, pictures in images.pictures.items():
        (tmp_path / name).mkdir()
        for number, picture in enumerate(pictures):
            Image.fromarray(picture).save(tmp_path / name / f"{number}.png")
    read = read_class_images(tmp_path)
    assert all(np.array_equal(read.pictures[name], images.pictures[name]) for name in CLASSES)


def test_what_no_scene_can_be_made_of_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenesRejected, match=r"is no folder, so there are no pictures to make scenes of\.$"):
        read_class_images(tmp_path / "missing")
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "cat" / "0.png")
    with pytest.raises(ScenesRejected, match="at least two classes, and there are 1"):
        read_class_images(tmp_path)
    picture = np.zeros((1, 32, 32, 3), np.uint8)
    for wrong in (picture[:0], picture[:, :, :30], picture[..., :1], picture.astype(np.float32), picture[0]):
        with pytest.raises(ScenesRejected, match="'dog' are not"):
            ClassImages({"cat": picture, "dog": wrong})
    with pytest.raises(ScenesRejected, match="same words"):
        ClassImages({"fire_truck": picture, "Fire truck": picture})
    with pytest.raises(ScenesRejected, match="no letter"):
        ClassImages({"cat": picture, "__": picture})
    with pytest.raises(ScenesRejected, match="do not fit"):
        compose(flat_pictures(), 0, side=71)


@given(st.integers(0, 11), st.integers(0, 11))
def test_a_peak_is_the_middle_of_its_cell(row: int, column: int) -> None:
    attention = np.full((12, 12), 0.001, np.float32)
    attention[row, column] = 0.5
    assert peak(attention) == (8 * column + 4, 8 * row + 4)
    assert points_into(NounBox(1, 8 * column, 8 * row, 8 * column + 5, 8 * row + 5), attention)
    assert not points_into(NounBox(1, 8 * column, 8 * row, 8 * column + 4, 8 * row + 5), attention)
    assert not points_into(NounBox(1, 8 * column, 8 * row + 5, 8 * column + 5, 8 * row + 9), attention)
