"""Writing a sentence: beam search, sampling, and being led through a given one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.captioning.caption_decoder import CaptionDecoder, Steer
from explorer.captioning.noun_cells import Nouns
from explorer.captioning.vocabulary import END, PAD, START, UNKNOWN, Vocabulary

LONGEST = 24  # words; 99.7 % of the training captions of Flickr8k are no longer
LENGTH_PENALTY = 0.7  # Wu et al. 2016: 0 compares sums of log probabilities, 1 their means
DRAWS = 5  # sentences that are drawn by chance at a time
_NEVER = (PAD, START, UNKNOWN)

Seen = tuple[Any, Any]
"""What `CaptionDecoder.see` gives of some pictures: what every step needs of them, and the first state."""


def log_probabilities(logits: Tensor) -> Tensor:
    """Natural logarithms of the probabilities of words, (..., V): marks other than the end are never written."""
    return logits.index_fill(-1, torch.tensor(_NEVER, device=logits.device), -torch.inf).log_softmax(dim=-1)


@dataclass(frozen=True, eq=False)
class Beams:
    """A beam search on one picture, step by step: S steps, K beams.

    A beam that has ended goes on with the end mark for nothing, so that every step has K beams. Beams
    that never were (a vocabulary smaller than K) have a score of minus infinity.

    Attributes:
        words: (S, K) numbers of the words that were added.
        parents: (S, K) which beam of the step before each one goes on from.
        scores: (S, K) sums of log probabilities, the best first.
        prefix: numbers of the words that were given.
        order: beams of the last step, the best first when length is accounted for.
    """

    words: np.ndarray
    parents: np.ndarray
    scores: np.ndarray
    prefix: tuple[int, ...]
    order: tuple[int, ...]

    def sentence(self, beam: int) -> list[int]:
        """Numbers of the words of a beam of the last step, prefix included, without marks."""
        added = []
        for step in range(len(self.words) - 1, -1, -1):
            added.append(int(self.words[step, beam]))
            beam = int(self.parents[step, beam])
        return [*self.prefix, *(number for number in reversed(added) if number != END)]

    @property
    def best(self) -> list[int]:
        """The sentence of the best beam."""
        return self.sentence(self.order[0]) if self.order else list(self.prefix)


def _read_prefix(
    decoder: CaptionDecoder, a: Tensor, prefix: Sequence[int], steer: Steer | None, seen: Seen | None = None
) -> tuple[Any, Any, Tensor]:
    """Everything up to the step that writes the first free word; also (B,) the words before it."""
    scene, state = seen or decoder.see(a)
    previous = a.new_full((len(a),), START, dtype=torch.long)
    for t, number in enumerate(prefix):
        state = decoder.read(previous, scene, state, t, steer).state
        previous = torch.full_like(previous, number)
    return scene, state, previous


@torch.inference_mode()
def beam_search(
    decoder: CaptionDecoder,
    a: Tensor,
    width: int,
    longest: int = LONGEST,
    prefix: Sequence[int] = (),
    steer: Steer | None = None,
    length_penalty: float = LENGTH_PENALTY,
    seen: Seen | None = None,
) -> list[Beams]:
    """The most probable sentences, kept `width` at a time; all beams of all pictures that go on in one batch.

    Args:
        decoder: in evaluation mode.
        a: (B, L, D) annotation vectors.
        width: K >= 1; 1 is greedy.
        longest: words of a sentence at most, prefix included.
        prefix: numbers of words that every sentence begins with.
        steer: leads the attention; alpha has B rows in the prefix, and in the first step, then K for each picture that
            goes on.
        length_penalty: beams are ordered by score / words ** length_penalty at the end.
        seen: of a, where that is known already.

    Returns:
        One search a picture.
    """
    count = len(a)
    scene, state, previous = _read_prefix(decoder, a, prefix, steer, seen)
    going = torch.arange(count, device=a.device)  # numbers of the pictures whose sentences have not all ended
    scores = a.new_zeros(count, 1)  # before the first word all beams of a picture are one
    ended = torch.zeros_like(scores, dtype=torch.bool)
    steps: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for t in range(len(prefix), longest):
        reading = decoder.read(previous, scene, state, t, steer)
        vectors = reading.vector.unflatten(0, scores.shape)
        following = log_probabilities(decoder.write(vectors, scene.nouns))  # (B, K, V)
        free = torch.full_like(following[:1, :1], -torch.inf)
        free[..., END] = 0.0
        following = torch.where(ended[..., None], free, following)
        beams, size = following.shape[1:]
        grown = (scores[..., None] + following).flatten(1)
        grown = F.pad(grown, (0, max(width - grown.shape[1], 0)), value=-torch.inf)  # a vocabulary smaller than K
        scores, chosen = grown.topk(width, dim=1)  # (B, K)
        parents, words = (chosen // size).clamp_max(beams - 1), chosen % size
        rows = torch.arange(len(going), device=a.device)[:, None] * beams + parents  # of the beams that go on
        ended = ended.gather(1, parents) | (words == END) | (scores == -torch.inf)
        steps.append((going, words, parents, scores))
        on = ~ended.all(dim=1)
        if not on.all():
            if not on.any():
                break
            going, words, rows = going[on], words[on], rows[on]
            scene, scores, ended = scene.rows(on), scores[on], ended[on]
        state, previous = reading.state.rows(rows.flatten()), words.flatten()
    return _collect(steps, count, tuple(prefix), length_penalty)


def _collect(
    steps: list[tuple[Tensor, Tensor, Tensor, Tensor]], count: int, prefix: tuple[int, ...], length_penalty: float
) -> list[Beams]:
    """The searches of all pictures from what each step gave of those that went on."""
    each: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(count)]
    for going, *parts in steps:
        for picture, *own in zip(going.tolist(), *(part.cpu().numpy() for part in parts), strict=True):
            each[picture].append(tuple(own))
    return [_rank(own, prefix, length_penalty) for own in each]


def _rank(steps: list[tuple[np.ndarray, ...]], prefix: tuple[int, ...], length_penalty: float) -> Beams:
    """One picture's search from the words, parents and scores (K,) of its steps."""
    if not steps:  # the prefix is as long as a sentence may be
        nothing = np.zeros((0, 0), dtype=np.int64)
        return Beams(nothing, nothing, nothing.astype(np.float32), prefix, ())
    words, parents, scores = (np.stack(part) for part in zip(*steps, strict=True))
    beams = Beams(words, parents, scores, prefix, ())
    ranked = []
    for beam in range(words.shape[1]):
        if np.isfinite(scores[-1, beam]):
            length = len(beams.sentence(beam)) + int(words[-1, beam] == END)
            ranked.append((-float(scores[-1, beam]) / max(length, 1) ** length_penalty, beam))
    return Beams(words, parents, scores, prefix, tuple(beam for _, beam in sorted(ranked)))


@torch.inference_mode()
def sample(
    decoder: CaptionDecoder,
    a: Tensor,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    longest: int = LONGEST,
    prefix: Sequence[int] = (),
    steer: Steer | None = None,
) -> list[list[int]]:
    """A sentence a picture, drawn word by word.

    Args:
        decoder, a, longest, prefix, steer: as for `beam_search`.
        temperature: > 0 and finite; logits are divided by it.
        top_k: draw from that many most probable words only, ties cut off; 0 for all.
        seed: the same seed, the same sentences.

    Raises:
        ValueError: the temperature is not above zero, or infinite.
    """
    if not 0 < temperature < float("inf"):
        raise ValueError(
            f"The temperature must be finite and above zero, not {temperature:g}; greedy search is its limit."
        )
    generator = torch.Generator().manual_seed(seed)
    scene, state, previous = _read_prefix(decoder, a, prefix, steer)
    sentences = [list(prefix) for _ in range(len(a))]
    ended = [False] * len(a)
    for t in range(len(prefix), longest):
        reading = decoder.read(previous, scene, state, t, steer)
        following = log_probabilities(decoder.write(reading.vector, scene.nouns)).cpu().double()  # (B, V)
        if 0 < top_k < following.shape[1]:
            values, numbers = following.topk(top_k, dim=1)
            following = torch.full_like(following, -torch.inf).scatter(1, numbers, values)
        # Less the largest first: a tiny temperature then leaves the best word at zero and not at minus infinity.
        following = (following - following.amax(dim=1, keepdim=True)) / temperature
        drawn = torch.multinomial(following.softmax(dim=1), 1, generator=generator).squeeze(1)  # (B,)
        state, previous = reading.state, drawn.to(a.device)
        for row, number in enumerate(drawn.tolist()):
            ended[row] = ended[row] or number == END
            if not ended[row]:
                sentences[row].append(number)
        if all(ended):
            break
    return sentences


@dataclass(frozen=True, eq=False)
class TeacherForced:
    """What the decoder did while it was led through given sentences.

    Attributes:
        log_probabilities: (B, T, V), of every word at every step, given the words before.
        alpha: (B, T, L), where it looked.
        beta: (B, T), the gate on what it saw.
        copied: (B, T, K), of each of the picture's nouns how much of its probability comes from copying it; K is 0 for
            a decoder that copies nothing.
        nouns: of the pictures; None for such a decoder.
        steps: what `decoder.read` gave at every step.
        first: the state before the first of them.
    """

    log_probabilities: Tensor
    alpha: Tensor
    beta: Tensor
    copied: Tensor
    nouns: Nouns | None
    steps: list[Any]
    first: Any


@torch.inference_mode()
def teacher_force(
    decoder: CaptionDecoder, a: Tensor, words: Tensor, steer: Steer | None = None, seen: Seen | None = None
) -> TeacherForced:
    """Force the decoder through sentences.

    Args:
        decoder: in evaluation mode.
        a: (B, L, D) annotation vectors.
        words: (B, T) numbers of the words to write; the first step reads the start mark, the last one writes the
            last of these.
        steer: leads the attention; alpha has B rows.
        seen: of a, where that is known already.
    """
    scene, first = seen or decoder.see(a)
    read = torch.cat([torch.full_like(words[:, :1], START), words[:, :-1]], dim=1)
    state, steps = first, []
    for t in range(words.shape[1]):
        steps.append(decoder.read(read[:, t], scene, state, t, steer))
        state = steps[-1].state
    vectors = torch.stack([step.vector for step in steps], dim=1)
    nouns = scene.nouns
    scores = decoder.write(vectors, nouns)
    none = vectors.new_zeros(*vectors.shape[:2], 0)
    copied = none if nouns is None else decoder.copied_shares(vectors, nouns, scores)
    alpha, beta = (torch.stack([getattr(step, name) for step in steps], dim=1) for name in ("alpha", "beta"))
    return TeacherForced(log_probabilities(scores), alpha, beta, copied, nouns, steps, first)


@dataclass(frozen=True)
class Final:
    """A sentence that was left at the end of a search.

    Attributes:
        words: of it.
        score: its log probability, the end included.
        adjusted: that, over the number of words to the power of the length penalty.
        ended: it was not cut off at the longest length.
    """

    words: tuple[str, ...]
    score: float
    adjusted: float
    ended: bool


def list_finals(beams: Beams, vocabulary: Vocabulary) -> list[Final]:
    """All sentences of the end, in the order in which they came in."""
    finals = []
    for beam in beams.order:
        ended = int(beams.words[-1, beam]) == END
        words = tuple(vocabulary.decode(beams.sentence(beam)))
        score = float(beams.scores[-1, beam])
        finals.append(Final(words, score, score / max(len(words) + ended, 1) ** LENGTH_PENALTY, ended))
    return finals
