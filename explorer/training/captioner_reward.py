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

from explorer.captioning.decoder import Decoder
from explorer.captioning.search import LONGEST, log_probabilities, sample
from explorer.captioning.vocabulary import END, PAD, START
from explorer.training.captioner import Log, captioning_loss

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


def train_for_reward(
    decoder: Decoder,
    seen: Sequence[Tensor],
    sentences: Tensor,
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
        seen: (N, L, D) for every look at the photos (as they are, mirrored); one is drawn a batch.
        sentences: (N * R, T) from `encode_captions`, R a photo, in the order of the photos.
        epochs: passes over the photos.
        learning_rate: the peak of a one-cycle schedule for Adam.
        batch_size: photos a step.
        draws: sentences drawn for each of them, at least 2.
        likelihood: weight of the loss of the stage before, on one sentence a photo; without it the probabilities
            would soon mean nothing.
        smoothing, doubly: of that loss.
        seed, log, check: as for `train_decoder`.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    photos = len(seen[0])
    each = len(sentences) // photos
    wanted = [[[n for n in row if n not in (PAD, START)] for row in part.tolist()] for part in sentences.split(each)]
    reward = CiderD(wanted)
    trained = [p for p in decoder.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=learning_rate, betas=(0.9, 0.98))
    steps = photos // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps * epochs, pct_start=0.1)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        earned = 0.0
        order = torch.randperm(photos, generator=generator)
        for step, indices in enumerate(order[: steps * batch_size].split(batch_size)):
            look = seen[int(torch.randint(0, len(seen), (), generator=generator))]
            a = look[indices].float()
            decoder.eval()  # sentences as they will be written, without dropout
            many = a.repeat_interleave(draws, dim=0)
            told = [[*words[: LONGEST - 1], END] for words in sample(decoder, many, seed=seed + epoch * steps + step)]
            of = indices.repeat_interleave(draws).tolist()
            rewards = torch.tensor([reward(photo, words) for photo, words in zip(of, told, strict=True)])
            advantage = advantages(rewards.view(-1, draws)).flatten()
            rows = nn.utils.rnn.pad_sequence([torch.tensor([START, *words]) for words in told], True, PAD)
            with torch.autocast("cpu", torch.bfloat16):
                logits, _ = decoder(many, rows[:, :-1])
            loss = reward_loss(logits.float(), rows[:, 1:], advantage)
            if likelihood:
                said = sentences[indices * each + torch.randint(0, each, indices.shape, generator=generator)]
                said = said[:, : int((said != PAD).sum(dim=1).max())]
                decoder.train()
                with torch.autocast("cpu", torch.bfloat16):
                    logits, alpha = decoder(a, said[:, :-1])
                loss = loss + likelihood * captioning_loss(logits, alpha.float(), said[:, 1:], smoothing, doubly)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
            schedule.step()
            earned += rewards.mean().item()
        decoder.eval()
        seconds = round(time.perf_counter() - started)
        log(json.dumps({"epoch": epoch, "reward": round(earned / steps, 4), "seconds": seconds, **check()}))


def advantages(rewards: Tensor) -> Tensor:
    """How much better each of the K draws for a photo is than the mean of the others: (B, K) of (B, K)."""
    draws = rewards.shape[1]
    others = (rewards.sum(dim=1, keepdim=True) - rewards) / (draws - 1)
    return rewards - others


def reward_loss(logits: Tensor, words: Tensor, advantage: Tensor) -> Tensor:
    """The loss whose gradient is REINFORCE's (Williams 1992): -advantage times the log probability, a word.

    Args:
        logits: (B, T, V).
        words: (B, T) that were drawn; padding does not count.
        advantage: (B,) of each sentence.
    """
    chosen = log_probabilities(logits).gather(2, words[..., None]).squeeze(2)  # (B, T)
    real = words != PAD
    return -(advantage[:, None] * chosen.masked_fill(~real, 0.0)).sum() / real.sum()
