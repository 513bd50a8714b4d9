"""The captioner's recipe: losses, batches and metrics against what they are by definition."""

import json
import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.captioning import Decoder, Encoder, Vocabulary
from explorer.captioning.vocabulary import END, MARKS, PAD, START
from explorer.datasets import DatasetMissing
from explorer.training import augment, captioner
from explorer.training.caption_data import CaptionedImages, load_captions
from explorer.training.caption_scores import measure_control, score
from explorer.training.distil_encoder import BOTTLENECK, Teacher, distil, lesson_losses
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
    rows, photos = captioner.encode_captions(toy_data(2), VOCABULARY, longest=4)
    assert rows.shape == (4, 6)
    assert photos.tolist() == [0, 0, 1, 1]
    assert rows[0].tolist() == [START, *VOCABULARY.encode(["a", "dog", "runs"]), END, PAD]
    assert rows[1].tolist() == [START, *VOCABULARY.encode(["the", "dog", "runs", "on"]), END]  # cut


def test_the_loss_is_cross_entropy_and_the_papers_penalty() -> None:
    torch.manual_seed(0)
    logits, alpha = torch.randn(2, 3, 7), torch.rand(2, 3, 4).softmax(-1)
    wanted = torch.tensor([[4, 5, 2], [6, 2, PAD]])
    log_p = logits.log_softmax(-1)
    words = [(0, 0, 4), (0, 1, 5), (0, 2, 2), (1, 0, 6), (1, 1, 2)]
    spoken = -sum(log_p[b, t, w].item() for b, t, w in words) / 5
    looked = [alpha[0].sum(0), alpha[1, :2].sum(0)]
    penalty = sum(((1 - each) ** 2).sum().item() for each in looked) / 8
    got = captioner.captioning_loss(logits, alpha, wanted, smoothing=0.0, doubly=0.5)
    assert got.item() == pytest.approx(spoken + 0.5 * penalty, rel=1e-5)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=300), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_batches_hold_every_sentence_once(lengths: list[int], batch_size: int) -> None:
    batches = list(captioner.batches_by_length(torch.tensor(lengths), batch_size, torch.Generator().manual_seed(1)))
    assert sorted(torch.cat(batches).tolist()) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size


def test_a_decoder_learns_two_sentences_apart() -> None:
    toy, data = toy_captioner(scale=1.0), toy_data(8)
    decoder = Decoder(len(VOCABULARY), 8, embedding=16, hidden=16, attention=8)
    seen = captioner.see_all(toy.encoder, data.images, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)) * 20
    rows, photos = captioner.encode_captions(data, VOCABULARY, longest=6)
    lines: list[str] = []
    captioner.train_decoder(decoder, [seen], rows, photos, 60, 2e-2, 8, 0.0, 0.0, 0, lines.append)
    assert len(lines) == 60
    logits, _ = decoder(seen[:2].float(), torch.tensor([[START, VOCABULARY.encode(["a"])[0]]] * 2))
    assert VOCABULARY.decode(logits[:, 1].argmax(-1).tolist()) == ["dog", "cat"]


def toy_teacher(images: torch.Tensor) -> Teacher:
    """Has seen two crops of every picture, and knows nothing."""
    generator = torch.Generator().manual_seed(0)
    crops = torch.stack([augment.random_crops(len(images), (0.7, 1.0), generator) for _ in range(2)])
    maps = torch.randn(2, len(images), BOTTLENECK, 6, 6, generator=generator).half()
    return Teacher(images, crops, maps, nn.Conv2d(BOTTLENECK, 16, 1), nn.Linear(16, 10))


def test_both_parts_are_trained_together_and_batch_statistics_stay() -> None:
    torch.manual_seed(0)
    data = toy_data(8)
    encoder = Encoder((4, 4), (2, 2), (4, 8), (1, 1), 8).eval()
    decoder = Decoder(len(VOCABULARY), 8, embedding=8, hidden=8, attention=4)
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    rows, _ = captioner.encode_captions(data, VOCABULARY, longest=6)
    lines: list[str] = []
    captioner.train_together(
        encoder, decoder, toy_teacher(data.images), rows, 32, 1, (1e-3, 1e-3), 4, 0.1, 0.5, 0.5, 0, lines.append
    )
    after = encoder.state_dict()
    assert any(not torch.equal(after[key], before[key]) for key in before if key.endswith("conv1.weight"))
    assert all(torch.equal(after[key], before[key]) for key in before if "running" in key)
    assert not any(p.requires_grad for p in encoder.parameters())
    assert math.isfinite(json.loads(lines[0])["lesson"])


def test_a_student_that_answers_what_the_teacher_saw_has_nothing_to_learn() -> None:
    teacher = toy_teacher(toy_data(4).images)
    wanted = teacher.maps[0].float()
    cells, opinion = lesson_losses(teacher, wanted, wanted)
    assert cells.item() == pytest.approx(0, abs=1e-6)
    assert opinion.item() == pytest.approx(0, abs=1e-3)
    assert lesson_losses(teacher, -wanted, wanted)[0].item() == pytest.approx(4, rel=0.1)  # (2 s)^2 in units of s^2


def test_the_encoder_learns_what_the_teacher_saw() -> None:
    torch.manual_seed(0)
    teacher = toy_teacher(toy_data(16).images)
    encoder = Encoder((4, 4), (2, 2), (4, 8), (1, 1), 8)
    lines: list[str] = []
    distil(encoder, teacher, [(32, 6)], focus=12, learning_rate=1e-2, batch_size=6, seed=0, log=lines.append)
    cells = [json.loads(line)["cells"] for line in lines]
    assert len(cells) == 6
    assert cells[-1] < cells[0]


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
    figures = measure_control(toy_captioner(), toy_data(4), beam_size=2)
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
