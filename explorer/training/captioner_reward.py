"""The last stage of the photo captioner: sentences are drawn, and those that people would rather say become likelier.

Self-critical sequence training (Rennie et al. 2017) with CIDEr-D (Vedantam et al. 2015) as reward; a sentence is
compared with the mean of the other draws for the same photo (Luo 2020). The end mark is a word of the reward, so that
a sentence that breaks off is no bargain.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from explorer.captioning.caption_decoder import CaptionDecoder
from explorer.captioning.noun_cells import Nouns
from explorer.captioning.search import LONGEST, log_probabilities
from explorer.captioning.vocabulary import END, PAD, START
from explorer.training.captioner import Lessons, Log, batches, captioning_loss, follow, shorten

Words = Sequence[int]
Gram = tuple[int, ...]
ORDERS, SIGMA = 4, 6.0


class CiderD:
    """CIDEr-D of sentences against what people said of the same photos; rarity is counted on these photos.

    Args:
        references: by photo, sentences as numbers of words.
    """

    def __init__(self, references: Sequence[Sequence[Words]]) -> None:
        seen: Counter[Gram] = Counter()
        for sentences in references:
            seen.update({gram for words in sentences for gram in _count(words)})
        most = math.log(len(references))
        self._rarity = {gram: most - math.log(count) for gram, count in seen.items()}
        self._unseen = most
        self._references = [[self._weigh(words) for words in sentences] for sentences in references]

    def __call__(self, photo: int, words: Words) -> float:
        """From 0 to 10; of one sentence for one photo."""
        told, norms, length = self._weigh(words)
        total = 0.0
        for wanted, wanted_norms, wanted_length in self._references[photo]:
            penalty = math.exp(-((length - wanted_length) ** 2) / (2 * SIGMA**2))
            products = [0.0] * ORDERS
            for gram, value in told.items():
                other = wanted.get(gram)
                if other is not None:
                    products[len(gram) - 1] += min(value, other) * other
            for order in range(ORDERS):
                scale = norms[order] * wanted_norms[order]
                if scale > 0:
                    total += penalty * products[order] / scale
        return 10 * total / ORDERS / len(self._references[photo])

    def _weigh(self, words: Words) -> tuple[dict[Gram, float], list[float], int]:
        """Counts times rarity by n-gram, their norm by order, and the number of bigrams, which stands for length."""
        weights = {gram: count * self._rarity.get(gram, self._unseen) for gram, count in _count(words).items()}
        squares = [0.0] * ORDERS
        for gram, value in weights.items():
            squares[len(gram) - 1] += value * value
        return weights, [math.sqrt(square) for square in squares], max(0, len(words) - 1)


def _count(words: Words) -> Counter[Gram]:
    return Counter(tuple(words[i : i + n]) for n in range(1, ORDERS + 1) for i in range(len(words) - n + 1))


@torch.no_grad()
def draw_sentences(
    decoder: CaptionDecoder, a: Tensor, nouns: Nouns | None, draws: int, generator: torch.Generator
) -> Tensor:
    """Sentences drawn word by word, `draws` of each picture: (B * draws, T) with start mark, end mark and padding.

    Args:
        decoder: in evaluation mode.
        a: (B, L, D) annotation vectors.
        nouns: of the pictures.
        draws: how many of each.
        generator: source of randomness.
    """
    scene, state = decoder.see(a, nouns)
    index = torch.arange(len(a)).repeat_interleave(draws)
    scene, state = scene.rows(index), state.rows(index)
    rows = torch.full((len(index), LONGEST + 1), PAD)
    rows[:, 0] = START
    active = torch.arange(len(index))
    for t in range(LONGEST):
        reading = decoder.read(rows[active, t], scene, state, t)
        spoken = log_probabilities(decoder.write(reading.vector, scene.nouns).float())
        words = torch.multinomial(spoken.exp(), 1, generator=generator).squeeze(1)
        if t == LONGEST - 1:
            words = torch.full_like(words, END)
        rows[active, t + 1] = words
        going = (words != END).nonzero().squeeze(1)
        if not len(going):
            break
        scene, state, active = scene.rows(going), reading.state.rows(going), active[going]
    return shorten(rows)


def train_for_reward(
    decoder: CaptionDecoder,
    lessons: Lessons,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    draws: int,
    likelihood: float,
    smoothing: float,
    doubly: float,
    seed: int,
    log: Log,
    check: Callable[[], dict[str, float]] = dict,
) -> None:
    """Train a decoder in place on the reward of its own sentences, and a little still on what people said.

    Args:
        decoder: that already writes sentences.
        lessons: pictures, and the sentences that theirs are compared with.
        epochs: passes over the pictures.
        learning_rate: the peak of a one-cycle schedule for Adam.
        batch_size: pictures a step.
        draws: sentences drawn for each of them, at least 2.
        likelihood: weight of the loss of the stage before, on one sentence a picture; without it the probabilities
            would soon mean nothing.
        smoothing, doubly: of that loss.
        seed, log, check: as for `train_decoder`.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    reward = CiderD([[_spoken(row) for row in rows] for rows in lessons.sentences.tolist()])
    trained = [p for p in decoder.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=learning_rate, betas=(0.9, 0.98))
    steps, each = len(lessons) // batch_size, lessons.sentences.shape[1]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps * epochs, pct_start=0.1)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        earned = 0.0
        for indices in batches(len(lessons), batch_size, generator):
            a = lessons.draw(indices, generator)
            decoder.eval()  # sentences as they will be written, without dropout
            with torch.autocast("cpu", torch.bfloat16):
                rows = draw_sentences(decoder, a, lessons.name(decoder, indices), draws, generator)
            of = indices.repeat_interleave(draws).tolist()
            told = [_spoken(row) for row in rows.tolist()]
            rewards = torch.tensor([reward(picture, words) for picture, words in zip(of, told, strict=True)])
            rows = rows.unflatten(0, (-1, draws))
            logits, _, words = follow(decoder, a, rows, lessons.name(decoder, indices))
            lengths = (rows[..., 1:] != PAD).sum(dim=2)  # (B, K)
            loss = reward_loss(
                logits, words, advantages(rewards.view(-1, draws)).flatten().repeat_interleave(lengths.flatten())
            )
            if likelihood:
                said = lessons.sentences[indices, torch.randint(0, each, indices.shape, generator=generator)]
                decoder.train()
                written = follow(decoder, a, shorten(said)[:, None], lessons.name(decoder, indices))
                loss = loss + likelihood * captioning_loss(*written, smoothing, doubly)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            schedule.step()
            earned += rewards.mean().item()
        decoder.eval()
        seconds = round(time.perf_counter() - started)
        log(json.dumps({"epoch": epoch, "reward": round(earned / steps, 4), "seconds": seconds, **check()}))


def _spoken(row: list[int]) -> list[int]:
    """A row of numbers without padding and start mark; the end mark is a word of the reward."""
    return [number for number in row if number not in (PAD, START)]


def advantages(rewards: Tensor) -> Tensor:
    """How much better each of the K draws for a photo is than the mean of the others: (B, K) of (B, K)."""
    draws = rewards.shape[1]
    others = (rewards.sum(dim=1, keepdim=True) - rewards) / (draws - 1)
    return rewards - others


def reward_loss(logits: Tensor, words: Tensor, advantage: Tensor) -> Tensor:
    """The loss whose gradient is REINFORCE's (Williams 1992): -advantage times the log probability, a word.

    Args:
        logits: (N, V).
        words: (N,) that were drawn.
        advantage: (N,) of the sentence that each stands in.
    """
    chosen = log_probabilities(logits.float()).gather(1, words[:, None]).squeeze(1)
    return -(advantage * chosen).mean()
