"""A picture in, a caption out: shapes, sums, batches, threads, odd pictures."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.captioning import Captioner, list_captioners, load_captioner, read_sentence
from explorer.captioning.vocabulary import END, MARKS, START
from tests.captioning.making import toy_captioner


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return toy_captioner()


def picture(seed: int = 0, size: tuple[int, int] = (50, 40)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_a_caption_has_one_of_everything_for_every_word(captioner: Captioner) -> None:
    caption = captioner.describe(picture(), beam_size=3)
    count = len(caption.words)
    assert count > 0
    assert caption.attention.shape == (count, *captioner.grid)
    np.testing.assert_allclose(caption.attention.sum(axis=(1, 2)), 1, rtol=1e-5)
    assert (
        caption.log_probabilities.shape
        == caption.gates.shape
        == caption.entropy.shape
        == caption.moves.shape
        == (count,)
    )
    assert (caption.gates >= 0).all()
    assert (caption.gates <= 1).all()
    assert (caption.entropy <= np.log2(16) + 1e-6).all()
    for word, others, probability in zip(caption.words, caption.alternatives, caption.probabilities, strict=True):
        assert word not in [other.word for other in others]
        assert len(others) == 5
        assert sum(other.probability for other in others) + probability <= 1 + 1e-5


def test_the_grid_is_what_the_encoder_gives(captioner: Captioner) -> None:
    assert captioner.look(captioner.tensor(picture())).shape == (1, captioner.grid[0] * captioner.grid[1], 8)


@pytest.mark.parametrize("name", list_captioners())
def test_what_is_seen_are_the_maps_of_the_encoder(name: str) -> None:
    captioner = load_captioner(name, device="cpu")
    x = torch.cat([captioner.tensor(picture(seed)) for seed in range(3)])  # no multiple of what is seen at once
    with torch.inference_mode():
        maps = captioner.encoder(x)  # (3, D, h, w)
    wanted = torch.stack([maps[:, :, row, column] for row, column in np.ndindex(*captioner.grid)], dim=1)
    torch.testing.assert_close(captioner.look(x), wanted, rtol=1e-3, atol=1e-4)
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in captioner.encoder.modules()), "left as it was"


def test_probabilities_are_those_of_the_decoder_led_by_hand(captioner: Captioner) -> None:
    a = captioner.look(captioner.tensor(picture()))
    words = ["a", "dog", "sits"]
    caption = captioner.read(a, words)
    numbers = captioner.vocabulary.encode(words)
    logits, looked = captioner.decoder(a, torch.tensor([[[START, *numbers]]]))
    logits[..., [0, START, 3]] = -torch.inf  # marks that are never written
    expected = logits.log_softmax(-1)
    for t, number in enumerate(numbers):
        assert caption.log_probabilities[t] == pytest.approx(float(expected[t, number]), abs=1e-4)
    assert caption.end == pytest.approx(float(expected[3, END]), abs=1e-4)
    last = captioner.teacher_force(a, words).alpha[0, 3]
    np.testing.assert_allclose(caption.attention.reshape(3, -1).sum(axis=0), (looked[0, 0] - last).numpy(), atol=1e-5)
    total = sum(float(expected[t, number]) for t, number in enumerate([*numbers, END]))
    assert caption.log_probability == pytest.approx(total, abs=1e-3)
    np.testing.assert_allclose(caption.surprise, -np.log2(caption.probabilities), rtol=1e-4)


def test_unknown_words_are_named_and_have_no_probability(captioner: Captioner) -> None:
    a = captioner.look(captioner.tensor(picture()))
    caption = captioner.read(a, read_sentence("A zebra sits, zebra!"))
    assert caption.words == ("a", "zebra", "sits", "zebra")
    assert caption.unknown == ("zebra",)
    assert np.isnan(caption.log_probabilities).tolist() == [False, True, False, True]
    assert np.isfinite(caption.log_probability)


def test_moves_are_total_variation_distances(captioner: Captioner) -> None:
    caption = captioner.read(captioner.look(captioner.tensor(picture())), ["a", "dog", "runs", "on", "grass"])
    assert np.isnan(caption.moves[0])
    for t in range(1, 5):
        gained = np.clip(caption.attention[t] - caption.attention[t - 1], 0, None).sum()  # what came is what went
        assert caption.moves[t] == pytest.approx(gained, abs=1e-5)


def test_a_batch_says_what_one_by_one_says(captioner: Captioner) -> None:
    pictures = [picture(seed, (30 + seed, 60 - seed)) for seed in range(35)]  # more than go into one batch
    together = captioner.describe_all(pictures, beam_size=2)
    for one, caption in zip(pictures, together, strict=True):
        alone = captioner.describe(one, beam_size=2)
        assert alone.words == caption.words
        np.testing.assert_allclose(alone.attention, caption.attention, atol=1e-5)
        np.testing.assert_allclose(alone.log_probabilities, caption.log_probabilities, atol=1e-3)


def test_eight_threads_say_what_one_says(captioner: Captioner) -> None:
    pictures = [picture(seed) for seed in range(24)]
    alone = [captioner.describe(each, 1 + number % 3).words for number, each in enumerate(pictures)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pair: captioner.describe(pair[1], 1 + pair[0] % 3).words, enumerate(pictures)))
    assert found == alone


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (4000, 5), (32, 32)])
def test_odd_pictures_are_described(captioner: Captioner, size: tuple[int, int]) -> None:
    caption = captioner.describe(picture(0, size))
    assert np.isfinite(caption.attention).all()


def test_a_grey_picture_is_described(captioner: Captioner) -> None:
    assert captioner.describe(Image.new("L", (60, 40), 128).convert("RGB")).words


def test_marks_are_never_written(captioner: Captioner) -> None:
    for seed in range(5):
        assert not set(captioner.describe(picture(seed), 4).words) & set(MARKS)
