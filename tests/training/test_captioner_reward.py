"""The reward against the library that reports it, its gradient against a sum over sentences, and that it is earned."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import torch
from pycocoevalcap.cider.cider import Cider

from explorer.captioning.decoder import Decoder
from explorer.captioning.search import log_probabilities
from explorer.captioning.vocabulary import END, MARKS, PAD, START
from explorer.training.captioner import Lessons
from explorer.training.captioner_reward import CiderD, advantages, reward_loss, train_for_reward

FIRST = len(MARKS)


def random_sentences(count: int, seed: int) -> list[list[int]]:
    drawn = np.random.default_rng(seed)
    return [(FIRST + drawn.zipf(1.6, drawn.integers(1, 14)).clip(1, 30)).tolist() for _ in range(count)]


def test_the_reward_is_the_librarys_cider_of_every_photo():
    references = [random_sentences(5, seed) for seed in range(40)]
    told = random_sentences(40, 99)

    def text(words):
        return " ".join(f"w{number}" for number in words)

    _, expected = Cider().compute_score(
        {photo: [text(words) for words in sentences] for photo, sentences in enumerate(references)},
        {photo: [text(words)] for photo, words in enumerate(told)},
    )
    reward = CiderD(references)
    np.testing.assert_allclose([reward(photo, words) for photo, words in enumerate(told)], expected, atol=1e-9)


def test_words_that_nobody_said_and_no_words_earn_nothing():
    reward = CiderD([[[FIRST, FIRST + 1, END]], [[FIRST + 2, END]]])
    assert reward(0, [FIRST + 9, FIRST + 8]) == 0
    assert reward(0, []) == 0
    assert reward(0, [FIRST, FIRST + 1, END]) > reward(0, [FIRST, FIRST + 1]) > 0


def test_a_draw_is_compared_with_the_others():
    rewards = torch.tensor([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]])
    found = advantages(rewards)
    assert torch.allclose(found, torch.tensor([[1 - 4.0, 2 - 3.5, 6 - 1.5], [0.0, 0.0, 0.0]]))


def test_its_gradient_is_that_of_the_expected_reward():
    """Weighted with their probabilities, the gradients of all sentences are the gradient of the expected reward."""
    torch.manual_seed(0)
    size, length = FIRST + 2, 2
    logits = torch.randn(length, size, dtype=torch.double, requires_grad=True)  # the same after every word
    words = [number for number in range(size) if number not in (PAD, START)]
    sentences = [list(each) for each in itertools.product(words, repeat=length)]
    rewards = torch.tensor([float(sum(each) % 5) for each in sentences], dtype=torch.double)
    spoken = log_probabilities(logits)
    probabilities = torch.stack([spoken[0, a].exp() * spoken[1, b].exp() for a, b in sentences])
    (expected,) = torch.autograd.grad((probabilities * rewards).sum(), logits, retain_graph=True)
    weights = (probabilities * rewards).detach()
    said = logits.expand(len(sentences), length, size).flatten(0, 1)
    loss = reward_loss(said, torch.tensor(sentences).flatten(), weights.repeat_interleave(length))
    (found,) = torch.autograd.grad(loss * len(sentences) * length, logits)
    assert torch.allclose(-found, torch.nan_to_num(expected), atol=1e-9)


@pytest.mark.parametrize("likelihood", [0.0, 0.2])
def test_training_earns_more(likelihood):
    torch.manual_seed(1)
    words = FIRST + 6
    decoder = Decoder(words, annotation=8, embedding=16, hidden=16, attention=8)
    seen = torch.randn(12, 4, 8)
    rows = []
    for photo in range(12):
        said = [FIRST + photo % 3, FIRST + 3 + photo % 2]
        rows += [[START, *said, END, PAD], [START, *said[::-1], END, PAD]]
    told = []
    lessons = Lessons((seen,), torch.arange(12), torch.tensor(rows).unflatten(0, (12, 2)))
    train_for_reward(decoder, lessons, 12, 2e-2, 6, 4, likelihood, 0.1, 0.5, 0, lambda line: told.append(line))
    rewards = [json.loads(line)["reward"] for line in told]
    assert max(rewards[-3:]) > 1.5 * rewards[0]
    assert not decoder.training
