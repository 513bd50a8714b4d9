"""The recipe of the scene captioner on pictures of flat colours, with next to no training."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from explorer.captioning import Captioner, Decoder, Encoder, open_folder
from explorer.captioning.encoder import place
from explorer.captioning.scenes import ClassImages, Scene, scene_vocabulary
from explorer.captioning.vocabulary import END, PAD, START
from explorer.training import scene_recipe
from explorer.training.captioner import Lessons, train_decoder
from explorer.training.datasets import LabelledImages
from explorer.training.scene_recipe import CLASSES, DECODER, ENCODER, FAMILIAR, HELD_OUT, QUICK
from explorer.zoo import Preprocessing, load_model

TINY = replace(QUICK, scenes=8, epochs=1, batch_size=4, fresh=4, fresh_batch=2, measured=4)


@pytest.fixture(scope="module")
def images() -> ClassImages:
    """Two noisy pictures of each class, in a colour of its own."""
    generator = np.random.default_rng(0)
    return ClassImages(
        {
            name: (generator.integers(0, 60, (2, 32, 32, 3)) + generator.integers(0, 195, 3)).astype(np.uint8)
            for name in CLASSES
        }
    )


@pytest.fixture(scope="module")
def made(images: ClassImages, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    """A folder that the recipe has written, and its log."""
    folder, lines = tmp_path_factory.mktemp("made") / "scene-captioner", []
    scene_recipe.make(folder, images, images, TINY, "the command", lambda line: lines.append(json.loads(line)))
    return folder, lines


def test_it_writes_a_captioner_that_opens_and_is_the_one_of_the_card(
    made: tuple[Path, list[dict[str, object]]],
) -> None:
    folder, _ = made
    captioner = open_folder(folder, "cpu")
    card = captioner.card
    assert card["sha256"] == hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    assert card["name"] == folder.name == captioner.name
    assert card["parameters"] == captioner.parameters < 3_000_000
    assert card["classes"] == list(CLASSES)
    assert card["data"]["licence"]
    assert card["data"]["split"]
    assert card["training"]["command"] == "the command"
    assert {"seconds", "date", "seed", "scenes", "fresh", "epochs"} <= card["training"].keys()
    assert captioner.vocabulary == scene_vocabulary(CLASSES)
    assert captioner.title
    dtypes = {
        key.split(".")[0]: value.dtype
        for key, value in load_file(folder / "weights.safetensors").items()
        if value.ndim > 1
    }
    assert dtypes == {"encoder": torch.float16, "decoder": torch.float16}


def test_the_card_holds_what_the_written_captioner_is_measured_at(
    made: tuple[Path, list[dict[str, object]]], images: ClassImages
) -> None:
    folder, _ = made
    captioner = open_folder(folder, "cpu")
    scenes = scene_recipe.draw(images, range(HELD_OUT, HELD_OUT + TINY.measured))
    assert captioner.card["accuracy"]["scenes_of_test_pictures"] == scene_recipe.measure(captioner, scenes)
    familiar = scene_recipe.draw(images, range(FAMILIAR, FAMILIAR + TINY.measured))
    assert captioner.card["accuracy"]["scenes_of_training_pictures"] == scene_recipe.measure(captioner, familiar)
    assert [scene.text for scene in familiar] != [scene.text for scene in scenes]


def test_the_log_tells_both_stages_with_their_seconds(made: tuple[Path, list[dict[str, object]]]) -> None:
    _, lines = made
    assert all(line["seconds"] >= 0 for line in lines)
    assert [line["after"] for line in lines if "after" in line] == ["train_frozen", "train_fresh"]
    assert [line["epoch"] for line in lines if "epoch" in line] == [1]
    assert [line["of"] for line in lines if "step" in line] == [2]


def test_the_same_recipe_makes_the_same_weights_and_the_second_stage_goes_on(
    made: tuple[Path, list[dict[str, object]]], images: ClassImages, tmp_path: Path
) -> None:
    folder, _ = made
    scene_recipe.make(tmp_path / "again", images, images, TINY, "", lambda line: None)
    before = load_file(tmp_path / "again" / "weights.safetensors")
    expected = load_file(folder / "weights.safetensors")
    assert all(torch.equal(before[key], expected[key]) for key in expected)
    # With no step taken, what was there must come out again, its seconds added to.
    spent = json.loads((tmp_path / "again" / "card.json").read_text(encoding="utf-8"))["training"]["seconds"]
    still = replace(TINY, fresh_rates=(0.0, 0.0))
    scene_recipe.make(tmp_path / "again", images, images, still, "", lambda line: None, from_stage=2)
    after = load_file(tmp_path / "again" / "weights.safetensors")
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert json.loads((tmp_path / "again" / "card.json").read_text(encoding="utf-8"))["training"]["seconds"] >= spent


def test_both_parts_are_trained_end_to_end(made: tuple[Path, list[dict[str, object]]]) -> None:
    trained = load_file(made[0] / "weights.safetensors")
    fresh = scene_recipe.fresh_encoder().state_dict()
    for key, value in fresh.items():
        kept = trained[f"encoder.{key}"]
        if "running" in key or "batches" in key:  # batch statistics stay as they were
            assert torch.equal(kept, value.to(kept.dtype)), key
        elif key.endswith("conv1.weight"):
            assert not torch.equal(kept, value.to(kept.dtype)), key


def test_the_encoder_begins_with_all_that_mini_resnet_knows() -> None:
    encoder = scene_recipe.fresh_encoder()
    network = load_model("mini-resnet", device="cpu").network
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        maps = encoder(x)
        assert maps.shape == (2, ENCODER["annotation"], 4, 4)
        logits = network.classifier(maps[:, :256].mean(dim=(2, 3)))
        assert torch.allclose(logits, network(x), atol=1e-4)


@pytest.mark.parametrize(("pool", "positions", "size"), [(1, 0, 32), (2, 0, 32), (2, 1, 24), (3, 2, 96), (2, 2, 30)])
def test_pooled_and_placed_cells(pool: int, positions: int, size: int) -> None:
    torch.manual_seed(0)
    plain = Encoder((4,), (2,), (4, 8), (1, 1), 6).eval()
    encoder = Encoder((4,), (2,), (4, 8), (1, 1), 6 + 4 * positions, pool=pool, positions=positions).eval()
    encoder.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, size, size)
    with torch.inference_mode():
        fine, maps = plain(x), encoder(x)
    cells = fine.shape[2] // pool
    assert maps.shape == (2, 6 + 4 * positions, cells, cells)
    inside = fine[:, :, : cells * pool, : cells * pool]
    expected = inside.reshape(2, 6, cells, pool, cells, pool).mean(dim=(3, 5))
    assert torch.allclose(maps[:, :6], expected, atol=1e-6)
    preprocessing = Preprocessing(size, size, (0.5,) * 3, (0.25,) * 3, fit="squash")
    decoder = Decoder(9, encoder.annotation, embedding=3, hidden=4, attention=2)
    toy = Captioner("toy", "Toy", encoder, decoder, scene_vocabulary(["cat"]), preprocessing, {})
    assert toy.grid == (cells, cells)


def test_a_place_is_the_cells_own_and_known_by_its_sines() -> None:
    where = place(3, 4, 2)
    assert where.shape == (8, 3, 4)
    assert len({tuple(cell.tolist()) for cell in where.flatten(1).T.round(decimals=4)}) == 12
    for row in range(3):
        for column in range(4):
            y, x = (row + 0.5) / 3 - 0.5, (column + 0.5) / 4 - 0.5
            expected = [f(turn * np.pi * p) for turn in (1, 2) for p in (y, x) for f in (np.sin, np.cos)]
            assert where[:, row, column].numpy() == pytest.approx(expected, abs=1e-6)


def test_captions_become_rows_of_numbers(images: ClassImages) -> None:
    vocabulary = scene_vocabulary(CLASSES)
    scenes = scene_recipe.draw(images, range(20))
    pixels, sentences = scene_recipe.to_tensors(scenes, vocabulary)
    assert pixels.dtype == torch.uint8
    for scene, picture, row in zip(scenes, pixels, sentences.tolist(), strict=True):
        assert np.array_equal(picture.permute(1, 2, 0).numpy(), scene.pixels)
        numbers = [number for number in row if number != PAD]
        assert (numbers[0], numbers[-1]) == (START, END)
        assert tuple(vocabulary.decode(numbers[1:-1])) == scene.words


def test_only_the_chosen_classes_are_taken_and_mirrored_where_asked() -> None:
    pictures = torch.randint(0, 256, (6, 3, 8, 8), dtype=torch.uint8)
    data = LabelledImages(pictures, torch.tensor([0, 1, 2, 0, 1, 2]), ("cat", "dog", "frog"))
    plain = scene_recipe.choose_classes(data, ("frog", "cat"))
    assert plain.classes == ("frog", "cat")
    assert np.array_equal(plain.pictures["frog"], pictures[[2, 5]].permute(0, 2, 3, 1).numpy())
    both = scene_recipe.choose_classes(data, ("frog", "cat"), mirrored=True)
    assert np.array_equal(both.pictures["cat"][:2], plain.pictures["cat"])
    assert np.array_equal(both.pictures["cat"][2:], plain.pictures["cat"][:, :, ::-1])


def learn_by_heart(scenes: list[Scene]) -> Captioner:
    """A captioner that knows these scenes and no others."""
    vocabulary = scene_vocabulary(CLASSES)
    encoder = scene_recipe.fresh_encoder().requires_grad_(False)
    torch.manual_seed(0)
    decoder = Decoder(len(vocabulary), ENCODER["annotation"], **DECODER)
    preprocessing = Preprocessing(96, 96, scene_recipe.CIFAR10_MEAN, scene_recipe.CIFAR10_STD, fit="squash")
    captioner = Captioner("toy", "Toy", encoder, decoder, vocabulary, preprocessing, {})
    a = captioner.look(torch.cat([captioner.tensor(Image.fromarray(scene.pixels)) for scene in scenes]))
    _, sentences = scene_recipe.to_tensors(scenes, vocabulary)
    everyone = torch.arange(len(scenes)).repeat(60)
    lessons = Lessons((a,), everyone, sentences[everyone][:, None])
    train_decoder(decoder, lessons, 1, 0.01, len(scenes), 0.0, 0.0, seed=0, log=lambda line: None)
    decoder.eval().requires_grad_(False)
    return captioner


def test_measuring_counts_captions_and_peaks(images: ClassImages) -> None:
    scenes = scene_recipe.draw(images, range(6))
    captioner = learn_by_heart(scenes[:4])
    measured = scene_recipe.measure(captioner, scenes)
    nouns = led = own = own_nouns = recognised = 0
    exact = {1: 0, 3: 0}
    for scene in scenes:
        picture = Image.fromarray(scene.pixels)
        for width in exact:
            exact[width] += captioner.describe(picture, width).text == scene.text
        said = captioner.describe(picture, 3)
        read = captioner.read(captioner.look(captioner.tensor(picture)), scene.words)
        for box in scene.boxes:
            for caption, count in ((read, True), (said, said.text == scene.text)):
                if count:
                    row, column = divmod(int(caption.attention[box.word].argmax()), 12)
                    inside = box.left <= 8 * column + 4 < box.right and box.top <= 8 * row + 4 < box.bottom
                    led += inside and caption is read
                    own += inside and caption is said
                    own_nouns += caption is said
            nouns += 1
            recognised += read.probabilities[box.word] > read.alternatives[box.word][0].probability
    assert exact[3] >= 3  # it did learn
    assert (measured["scenes"], measured["nouns"], measured["nouns_of_exact_captions"]) == (6, nouns, own_nouns)
    assert measured["exact_greedy"] == pytest.approx(exact[1] / 6)
    assert measured["exact_beam_3"] == pytest.approx(exact[3] / 6)
    assert measured["pointing_led_through_true_words"] == pytest.approx(led / nouns)
    assert measured["pointing_in_own_exact_captions"] == pytest.approx(own / own_nouns)
    assert measured["nouns_recognised_given_the_words_before"] == pytest.approx(recognised / nouns)
    by_objects = measured["exact_beam_3_by_objects"].values()
    assert sum(row["scenes"] for row in by_objects) == 6
    assert sum(row["scenes"] * row["exact"] for row in by_objects) == pytest.approx(exact[3])


def test_without_data_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EXPLORER_DATA", raising=False)
    monkeypatch.setattr("sys.argv", ["scene_recipe"])
    assert scene_recipe.main() == 2
    assert "Set EXPLORER_DATA" in capsys.readouterr().err


def test_a_quick_run_does_not_overwrite_what_is_shipped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["scene_recipe", "--quick"])
    with pytest.raises(SystemExit):
        scene_recipe.main()
    assert "--folder" in capsys.readouterr().err
