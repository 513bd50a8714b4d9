"""Whether the attention is faithful: what is said without it, and whether hiding a place tells the same story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.stats import rankdata
from torch import Tensor

from explorer.captioning.caption import Caption
from explorer.captioning.caption_decoder import Steer
from explorer.captioning.captioner import Captioner
from explorer.captioning.interventions.steering import shuffled, uniform

Attention = Literal["own", "uniform", "shuffled"]
ATTENTIONS: tuple[Attention, ...] = get_args(Attention)
ATTENTION_LABELS: dict[str, str] = {"own": "Its own", "uniform": "Uniform", "shuffled": "Shuffled"}
ATTENTION_NOTES: dict[Attention, str] = {
    "own": "where it looks by itself",
    "uniform": "every cell alike at every word",
    "shuffled": "its own weights, on other cells",
}


@dataclass(frozen=True, eq=False)
class Control:
    """What becomes of a caption under one kind of attention.

    Attributes:
        attention: "own" is the decoder's, the others replace it at every step.
        written: what the captioner writes under it.
        own: the sentence that it writes under its own attention, read under this one.
    """

    attention: Attention
    written: Caption
    own: Caption


def steer_for(attention: Attention, seed: int = 0) -> Steer | None:
    """How to lead the decoder; None for its own attention.

    Args:
        attention: one of `ATTENTIONS`.
        seed: of the permutations of "shuffled".

    Raises:
        ValueError: there is no such attention.
    """
    if attention == "own":
        return None
    if attention == "uniform":
        return uniform
    if attention == "shuffled":
        return shuffled(seed)
    raise ValueError(f"There is no attention {attention!r}; there are {', '.join(ATTENTIONS)}.")


def control_attention(captioner: Captioner, a: Tensor, width: int = 3, seed: int = 0) -> tuple[Control, ...]:
    """The same picture with the decoder's own attention, with none, and with its own on the wrong cells.

    A caption whose words need what was looked at becomes another one, or at least less probable. This is the test of
    Jain & Wallace (2019) for text, here for pictures.

    Args:
        captioner: whose attention it is.
        a: (1, L, D) from `captioner.look`.
        width: of the beam search, the same for all.
        seed: of the permutations of "shuffled".

    Returns:
        One for each of `ATTENTIONS`, in that order.
    """
    own = captioner.search(a, width).best
    controls = []
    for attention in ATTENTIONS:
        steer = steer_for(attention, seed)
        best = own if steer is None else captioner.search(a, width, steer=steer).best
        (written,) = captioner.follow(a, [best], steer)
        (read,) = captioner.follow(a, [own], steer)
        controls.append(Control(attention, written, read))
    return tuple(controls)


def correlate(attention: np.ndarray, drops: np.ndarray) -> np.ndarray:
    """(T,) Spearman's rank correlation of two maps for every word; NaN where one is the same everywhere.

    Args:
        attention: (T, h, w).
        drops: (T, h, w), for instance from `occlude_words`.

    Raises:
        ValueError: the shapes differ.
    """
    if attention.shape != drops.shape:
        raise ValueError(f"Maps of {attention.shape} cannot be compared with maps of {drops.shape}.")
    found = np.full(len(attention), np.nan)
    for t, (first, second) in enumerate(zip(attention, drops, strict=True)):
        a, b = (rankdata(each.ravel()) for each in (first, second))
        a, b = a - a.mean(), b - b.mean()
        norm = np.sqrt((a**2).sum() * (b**2).sum())
        if norm > 0:
            found[t] = (a * b).sum() / norm
    return found


def changed_words(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """For every word of two sentences whether it is not in their longest common subsequence.

    Of several common subsequences of that length, the one that begins earliest in the new sentence.
    """
    # length[i][j]: of the longest common subsequence of old[i:] and new[j:]
    length = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            length[i][j] = 1 + length[i + 1][j + 1] if old[i] == new[j] else max(length[i + 1][j], length[i][j + 1])
    gone, come = [True] * len(old), [True] * len(new)
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            gone[i] = come[j] = False
            i, j = i + 1, j + 1
        elif length[i + 1][j] >= length[i][j + 1]:
            i += 1
        else:
            j += 1
    return tuple(gone), tuple(come)
