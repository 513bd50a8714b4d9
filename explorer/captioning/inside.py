"""What the LSTM keeps and forgets on the way through a caption, as arrays for a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from explorer.captioning.captioner import Captioner
from explorer.captioning.decoder import Decoder

Order = Literal["alike", "mean", "number"]
ORDERS: tuple[Order, ...] = get_args(Order)
KINDS = ("input", "candidate", "forget", "output", "cell", "hidden")
SIGNED = ("candidate", "cell", "hidden")  # of them, those that are below zero too


@dataclass(frozen=True, eq=False)
class Memory:
    """The LSTM's gates and memory over the T words of a sentence; all (T, H) float32, beta (T,).

    Attributes:
        words: of the sentence.
        input: gate i in [0, 1]: how much of what is new is written into each unit's cell.
        forget: gate f in [0, 1]: how much of its cell a unit keeps.
        output: gate o in [0, 1]: how much of its cell a unit shows.
        candidate: g in [-1, 1], what is new.
        cell: the state c = f * c before + i * g (Hochreiter & Schmidhuber 1997; Gers et al. 2000).
        beta: gate on what was seen.
    """

    words: tuple[str, ...]
    input: np.ndarray
    forget: np.ndarray
    output: np.ndarray
    candidate: np.ndarray
    cell: np.ndarray
    beta: np.ndarray

    @property
    def hidden(self) -> np.ndarray:
        """(T, H) what the LSTM shows of its cells: o * tanh(c)."""
        return np.asarray(self.output * np.tanh(self.cell))


def look_inside(captioner: Captioner, a: Tensor, words: Sequence[str]) -> Memory:
    """Lead the decoder through words and keep what its LSTM did.

    Args:
        captioner: whose decoder it is.
        a: (1, L, D) from `captioner.look`.
        words: at least one.

    Raises:
        ValueError: its decoder has no LSTM.
    """
    decoder = captioner.decoder
    if not isinstance(decoder, Decoder):
        raise ValueError(f"The decoder of {captioner.name} is a Transformer: it has no gates and no cells.")
    led = captioner.teacher_force(a, words)
    steps = led.steps[: len(words)]  # the step that writes the end mark is left out
    before = [led.first, *(step.state for step in steps)]
    with torch.inference_mode():
        gates = [decoder.gates(step.x, state) for step, state in zip(steps, before[:-1], strict=True)]

    def stack(steps: list[Tensor]) -> np.ndarray:
        return torch.cat(steps).float().cpu().numpy()

    return Memory(
        words=tuple(words),
        input=stack([each.i for each in gates]),
        forget=stack([each.f for each in gates]),
        output=stack([each.o for each in gates]),
        candidate=stack([each.g for each in gates]),
        cell=stack([state.c for state in before[1:]]),
        beta=led.beta[0, : len(words)].float().cpu().numpy(),
    )


def order_units(memory: Memory, shown: str, order: Order) -> np.ndarray:
    """(H,) numbers of the units in the order of their rows.

    Args:
        memory: whose units they are.
        shown: one of `KINDS`, what the order goes by.
        order: "alike" puts units next to each other that do the same over the words (hierarchical clustering of
            their rows by Ward's method, leaves ordered), "mean" the unit with the highest mean first, "number" leaves
            them as they are.

    Raises:
        ValueError: there is no such order.
    """
    rows = np.asarray(getattr(memory, shown), dtype=np.float64).T  # (H, T)
    if order == "number" or len(rows) < 2:
        return np.arange(len(rows))
    if order == "mean":
        return np.argsort(-rows.mean(axis=1), kind="stable")
    if order == "alike":
        from scipy.cluster.hierarchy import leaves_list, linkage

        return np.asarray(leaves_list(linkage(rows, "ward", optimal_ordering=len(rows) <= 1024)))
    raise ValueError(f"There is no order {order!r}; there are {', '.join(ORDERS)}.")
