"""Skip-gram with negative sampling (Mikolov et al. 2013) on a short text, from several seeds at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from explorer.captioning.vocabulary import MARKS, Vocabulary
from explorer.sequences.words.paragraph import number_words
from explorer.slices import Slices

SEEDS: Final = 3
SIZE: Final = 24  # numbers of a vector
WINDOW: Final = 4  # words to either side
NEGATIVES: Final = 5  # words drawn that did not stand there, for each that did
STEPS: Final = 600
BATCH: Final = 256  # pairs a step
RATE: Final = 0.02  # of Adam
OFTEN: Final = 0.01  # the share of a text above which a word is left out now and then
NEAR: Final = 5  # nearest words that are compared
_SLICE: Final = 20  # steps


@dataclass(frozen=True, eq=False)
class Trained:
    """Vectors of V words, marks included, from `SEEDS` starts.

    Attributes:
        vocabulary: the words, by how often they come.
        counts: (V,) how often.
        tables: (S, V, E) the vectors of the words themselves; those of the words around them are thrown away.
        losses: (steps,) the mean over the seeds, for a pair and its negatives.
        steps: that were made.
    """

    vocabulary: Vocabulary
    counts: NDArray[np.int64]
    tables: NDArray[np.float64]
    losses: NDArray[np.float32]
    steps: int


def pair_loss(centres: Tensor, contexts: Tensor, negatives: Tensor) -> Tensor:
    """-ln s(u . v) - the sum of ln s(-u_k . v), with the sigmoid s (Mikolov et al. 2013, equation 4).

    Args:
        centres: v, (..., E).
        contexts: u, (..., E), of words that stood near.
        negatives: u_k, (..., K, E), of words that were drawn.

    Returns:
        (...) for each pair.
    """
    near = F.logsigmoid((centres * contexts).sum(dim=-1))
    drawn = F.logsigmoid(-(negatives @ centres[..., None]).squeeze(-1)).sum(dim=-1)
    return -near - drawn


def train_in_slices(
    words: tuple[str, ...], keep: Callable[[Trained], object] = lambda trained: None
) -> Slices[Trained]:
    """Train on a text; the same text gives the same numbers.

    Args:
        words: at least two, in order.
        keep: is given what is trained so far after every slice, for who stops it.

    Yields:
        Steps done, of how many.

    Returns:
        What was trained.
    """
    vocabulary = number_words(words)
    text = torch.tensor(vocabulary.encode(words))
    size = len(vocabulary)
    counts = torch.bincount(text, minlength=size)
    noise = counts.double().pow(0.75)  # the words drawn as negatives: the paper's distribution
    kept = (OFTEN * len(words) / counts.clamp(min=1)).sqrt().clamp(max=1)  # and its way to thin frequent words out
    generators = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    centres = torch.stack([_draw_rows(size, each) for each in generators])
    centres[:, : len(MARKS)] = 0
    centres.requires_grad_()
    contexts = torch.zeros(SEEDS, size, SIZE, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([centres, contexts], RATE)
    rows = torch.arange(SEEDS)[:, None]
    losses: list[float] = []

    def pack() -> Trained:
        tables = centres.detach().clone()
        tables[:, : len(MARKS)] = 0
        return Trained(vocabulary, counts.numpy(), tables.numpy(), np.array(losses, np.float32), len(losses))

    while len(losses) < STEPS:
        drawn = [_draw_pairs(text, kept, noise, each) for each in generators]
        centre, context, negative, valid = (torch.stack(each) for each in zip(*drawn, strict=True))
        pairs = pair_loss(centres[rows, centre], contexts[rows, context], contexts[rows[..., None], negative])
        loss = (pairs * valid).sum(dim=1) / valid.sum(dim=1).clamp(min=1)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        losses.append(loss.mean().item())
        if len(losses) % _SLICE == 0:
            keep(pack())
            yield len(losses), STEPS
    return pack()


def _draw_rows(size: int, generator: torch.Generator) -> Tensor:
    """First vectors (V, E): float64, in which roundings stay too small for Adam to make other words near of them."""
    return (torch.rand(size, SIZE, dtype=torch.float64, generator=generator) - 0.5) / SIZE


def _draw_pairs(
    text: Tensor, kept: Tensor, noise: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Places by chance, a word near each, words drawn for each, and which pairs count."""
    place = torch.randint(len(text), (BATCH,), generator=generator)
    # Near words come more often than far ones: the window's size is drawn too.
    reach = torch.randint(1, WINDOW + 1, (BATCH,), generator=generator)
    apart = (torch.rand(BATCH, generator=generator) * reach).long() + 1
    side = torch.randint(0, 2, (BATCH,), generator=generator) * 2 - 1
    other = place + apart * side
    inside = (other >= 0) & (other < len(text))
    centre, context = text[place], text[other.clamp(0, len(text) - 1)]
    stays = torch.rand(2, BATCH, generator=generator) < torch.stack([kept[centre], kept[context]])
    negative = torch.multinomial(noise, BATCH * NEGATIVES, replacement=True, generator=generator)
    return centre, context, negative.view(BATCH, NEGATIVES), (inside & stays.all(dim=0)).double()


@dataclass(frozen=True)
class Honesty:
    """What a text of this length can teach, over words that come often enough or seldom.

    Attributes:
        words: how many they are.
        agreed: of the five nearest by the first seed, how many another seed has among its own, on average.
        together: how many of the five stand near the word somewhere in the text.
        by_chance: how many of five words drawn from all would agree.
    """

    words: int
    agreed: float
    together: float
    by_chance: float


def judge(trained: Trained, words: tuple[str, ...], least: int, most: int | None = None) -> Honesty | None:
    """How far the nearest words of words that come so often can be believed; None where there are none."""
    chosen = [
        number
        for number in range(len(MARKS), len(trained.vocabulary))
        if trained.counts[number] >= least and (most is None or trained.counts[number] <= most)
    ]
    if not chosen:
        return None
    text = trained.vocabulary.encode(words)
    beside: dict[int, set[int]] = {number: set() for number in chosen}
    for place, number in enumerate(text):
        if number in beside:
            beside[number].update(text[max(0, place - WINDOW) : place + WINDOW + 1])
    first, *rest = (_list_nearest(table) for table in trained.tables)
    agreed = [len(set(first[number]) & set(other[number])) for number in chosen for other in rest]
    together = [len(set(first[number]) & beside[number]) for number in chosen]
    others = len(trained.vocabulary) - len(MARKS) - 1
    chance = min(NEAR, others) ** 2 / others
    return Honesty(len(chosen), float(np.mean(agreed)), float(np.mean(together)), chance)


def _list_nearest(table: NDArray[np.floating]) -> list[list[int]]:
    """The `NEAR` words nearest to every word at once, by number, as `nearest` finds them for one; marks have none."""
    rows = table[len(MARKS) :] / np.maximum(np.linalg.norm(table[len(MARKS) :], axis=1, keepdims=True), 1e-300)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(NEAR, len(rows) - 1)]
    return [*([[]] * len(MARKS)), *(order + len(MARKS)).tolist()]


def count_near(text: Sequence[int], number: int) -> Counter[int]:
    """How often each word stands within the window of one, by number.

    Args:
        text: numbers of its words.
        number: of the one.
    """
    found: Counter[int] = Counter()
    for place, each in enumerate(text):
        if each == number:
            found.update(text[max(0, place - WINDOW) : place])
            found.update(text[place + 1 : place + WINDOW + 1])
    return found


def explained_share(vectors: NDArray[np.floating]) -> float:
    """Of the variance of vectors (N, E), the share in the two directions that hold most of it."""
    values = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    return float(values[:2].sum() / values.sum()) if values.any() else 1.0
