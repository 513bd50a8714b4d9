"""The captioner's recipe: losses, batches and metrics against what they are by definition."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from explorer.captioning import Decoder, Vocabulary
from explorer.captioning.caption_decoder import NEVER
from explorer.captioning.encoder import annotation_vectors
from explorer.captioning.vocabulary import END, MARKS, PAD, START
from explorer.datasets import DatasetMissing
from explorer.training import captioner
from explorer.training.caption_data import CaptionedImages, load_captions
from explorer.training.caption_scores import measure_control, score
from tests.captioning.making import WORDS, toy_captioner

VOCABULARY = Vocabulary((*MARKS, *WORDS))


def toy_data(count: int = 6, size: int = 32) -> CaptionedImages:
    """Grey pictures of a dog that runs, coloured ones of a cat that sits."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, 3, size, size), generator=generator, dtype=torch.uint8)
    images[::2] = images[::2, :1]
    said = (
        (("a", "dog", "runs"), ("the", "dog", "runs", "on", "grass")),
        (("a", "cat", "sits"), ("the", "cat", "sits")),
    )
    return CaptionedImages(images, tuple(said[number % 2] for number in range(count)), tuple(map(str, range(count))))


def test_captions_become_numbers_with_marks_and_padding() -> None:
    rows = captioner.encode_captions(toy_data(2), VOCABULARY, longest=4)
    assert rows.shape == (2, 2, 6)
    assert rows[0, 0].tolist() == [START, *VOCABULARY.encode(["a", "dog", "runs"]), END, PAD]
    assert rows[0, 1].tolist() == [START, *VOCABULARY.encode(["the", "dog", "runs", "on"]), END]  # cut
    assert rows[1, 0].tolist() == [START, *VOCABULARY.encode(["a", "cat", "sits"]), END, PAD]


def test_the_loss_is_cross_entropy_and_the_papers_penalty() -> None:
    torch.manual_seed(0)
    logits, looked = torch.randn(5, 7), torch.rand(2, 1, 4)
    wanted = torch.tensor([4, 5, 2, 6, 2])
    log_p = logits.log_softmax(-1)
    spoken = -sum(log_p[n, w].item() for n, w in enumerate(wanted.tolist())) / 5
    penalty = sum((1 - each) ** 2 for each in looked.flatten().tolist()) / 8
    got = captioner.captioning_loss(logits, looked, wanted, smoothing=0.0, doubly=0.5)
    assert got.item() == pytest.approx(spoken + 0.5 * penalty, rel=1e-5)
    smooth = captioner.captioning_loss(logits, looked, wanted, smoothing=0.1, doubly=0.0)
    assert smooth.item() == pytest.approx(F.cross_entropy(logits, wanted, label_smoothing=0.1).item(), rel=1e-5)


def test_words_that_may_not_be_said_are_no_part_of_the_smoothing() -> None:
    torch.manual_seed(0)
    logits, wanted = torch.randn(5, 7), torch.tensor([4, 5, 2, 6, 2])
    barred = F.pad(logits, (0, 3), value=NEVER)
    found = [captioner.captioning_loss(each, torch.ones(1, 1, 2), wanted, 0.1, 0.0) for each in (logits, barred)]
    torch.testing.assert_close(*found)


@given(st.integers(1, 300), st.integers(1, 40))
def test_batches_hold_every_index_at_most_once(count: int, size: int) -> None:
    found = list(captioner.batches(count, size, torch.Generator().manual_seed(1)))
    together = torch.cat(found).tolist()
    assert len(set(together)) == len(together) == count // size * size
    assert set(together) <= set(range(count))
    assert all(len(each) == size for each in found if len(together))


def test_a_decoder_learns_two_sentences_apart() -> None:
    toy, data = toy_captioner(scale=1.0), toy_data(8)
    decoder = Decoder(len(VOCABULARY), 8, embedding=16, hidden=16, attention=8)
    with torch.no_grad():
        x = (data.images.float() / 255 - 0.5) / 0.25
        seen = annotation_vectors(toy.encoder(x)) * 20
    rows = captioner.encode_captions(data, VOCABULARY, longest=6)
    lessons = captioner.Lessons((seen,), torch.arange(8), rows)
    lines: list[str] = []
    captioner.train_decoder(decoder, lessons, 60, 2e-2, 4, 0.0, 0.0, 0, lines.append)
    assert len(lines) == 60
    words = torch.tensor([[[START, VOCABULARY.encode(["a"])[0]]]] * 2)
    logits, _ = decoder(seen[:2], words)  # (2 * 2, V): after each word that is read
    assert VOCABULARY.decode(logits[1::2].argmax(-1).tolist()) == ["dog", "cat"]


def bleu4_by_hand(candidates: list[list[str]], references: list[list[list[str]]]) -> float:
    """Papineni et al. 2002, straight from its formulas."""

    def grams(words: list[str], n: int) -> Counter:
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    logs = 0.0
    for n in range(1, 5):
        hits = total = 0
        for words, each in zip(candidates, references, strict=True):
            most: Counter = Counter()
            for reference in each:
                most |= grams(reference, n)
            hits += sum((grams(words, n) & most).values())
            total += max(0, len(words) - n + 1)
        logs += math.log(hits / total) / 4
    length = sum(map(len, candidates))
    closest = sum(
        min((abs(len(reference) - len(words)), len(reference)) for reference in each)[1]
        for words, each in zip(candidates, references, strict=True)
    )
    return min(1.0, math.exp(1 - closest / length)) * math.exp(logs)


def test_bleu_is_what_its_paper_says() -> None:
    pytest.importorskip("pycocoevalcap")
    candidates = [["a", "dog", "runs", "on", "the", "grass", "today"], ["the", "cat", "sits", "on", "a", "red", "ball"]]
    references = [
        [["a", "dog", "runs", "on", "the", "green", "grass"], ["the", "dog", "runs"]],
        [["a", "cat", "sits", "on", "a", "red", "ball", "now"], ["the", "cat", "sits"]],
    ]
    figures = score(candidates, references)
    assert figures["bleu4"] == pytest.approx(bleu4_by_hand(candidates, references), abs=2e-4)
    assert figures["bleu1"] >= figures["bleu2"] >= figures["bleu3"] >= figures["bleu4"]


def test_a_sentence_of_the_references_is_perfect() -> None:
    pytest.importorskip("pycocoevalcap")
    sentences = [["a", "dog", "runs", "on", "grass"], ["the", "cat", "sits", "on", "red", "grass"]]
    figures = score(sentences, [[words] for words in sentences])
    assert figures["bleu4"] == pytest.approx(1, abs=1e-3)
    assert figures["rouge_l"] == pytest.approx(1, abs=1e-3)


def test_the_control_measures_three_kinds_of_attention() -> None:
    pytest.importorskip("pycocoevalcap")
    toy, data = toy_captioner(), toy_data(4)
    figures = measure_control(toy, data, toy.look((data.images.float() / 255 - 0.5) / 0.25), beam_size=2)
    assert list(figures) == ["own", "uniform", "shuffled"]
    assert all(0 <= each["bleu1"] <= 1 for each in figures.values())


def test_the_official_split_is_read() -> None:
    try:
        test = load_captions("test")
    except DatasetMissing as missing:
        pytest.skip(str(missing))
    assert test.images.shape == (1000, 3, 160, 160)
    assert {len(each) for each in test.captions} == {5}
    assert len(set(test.names)) == 1000
