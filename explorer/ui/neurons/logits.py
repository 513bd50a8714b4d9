"""The logits that the Neurons page looks at, a person's own or the network's for the photo, and the board of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.neurons.losses import LOSSES, one_hot
from explorer.neurons.reading import write_numbers
from explorer.text import class_labels
from explorer.ui.components import logit_board
from explorer.ui.kit.choose import choose, choose_one
from explorer.ui.kit.click import choose_next
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import recording_of
from explorer.ui.shared.typed_numbers import read_or_keep

SOURCES = {"own": "Own logits", "photo": "Those of the photo"}
MOST = 10  # own logits
_START = (2.0, 1.0, -1.0)
_KEPT = "own_logits"  # the last that could be read, in the session
_ROWS = 6  # classes of a network with a row of their own


@dataclass(frozen=True, eq=False)
class Scores:
    """Logits of classes, and which class is called true.

    Attributes:
        names: of the classes, untrusted text.
        logits: (K,).
        truth: the true class.
        loss: a name in `LOSSES`.
        fixed: whether they are a network's.
    """

    names: tuple[str, ...]
    logits: Numbers
    truth: int
    loss: str
    fixed: bool

    @property
    def targets(self) -> Numbers:
        """(K,): 1 for the true class."""
        return one_hot(self.truth, len(self.logits))

    @property
    def shown(self) -> list[int]:
        """Classes with a row of their own: all, or the likeliest few of many and the true one; a network's in order."""
        if not self.fixed:
            return list(range(len(self.logits)))
        ranked = [int(k) for k in np.argsort(-self.logits, kind="stable")]
        if len(ranked) <= MOST or self.truth in ranked[:_ROWS]:
            return ranked if len(ranked) <= MOST else ranked[:_ROWS]
        return [*ranked[: _ROWS - 1], self.truth]


def choose_scores(subject: Subject, with_loss: bool = True) -> Scores:
    """The controls; what cannot be read leaves the last logits in their place.

    Args:
        subject: the photo and the network.
        with_loss: whether a loss can be chosen; otherwise it is the cross-entropy.
    """
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    fixed = choose("Logits", SOURCES, "logits_of", place=row) == "photo"
    if fixed:
        names = tuple(class_labels(subject.model.classes))
        logits = recording_of(subject).logits.double().cpu().numpy()
        start = int(logits.argmax())
    else:
        typed = row.text_input("z of every class", write_numbers(_START), key="logits", bind="query-params", width=180)
        logits = read_or_keep(typed, 2, MOST, _KEPT, _START)
        names = tuple(f"class {number}" for number in range(1, len(logits) + 1))
        start = 1
    truth = choose_one("Called true", names, "photo_truth" if fixed else "truth", names[start], place=row, width=200)
    titles = {name: each.title for name, each in LOSSES.items()}
    loss = choose_one("Loss", titles, "loss", place=row, width=220) if with_loss else "cross_entropy"
    return Scores(names, logits, names.index(truth), loss, fixed)


def show_board(scores: Scores, temperature: float = 1.0, constant: float = 0.0) -> None:
    """The board; what is dragged there becomes the own logits."""
    moved = logit_board(
        names=scores.names,
        logits=scores.logits.tolist(),
        shown=scores.shown,
        truth=scores.truth,
        loss=scores.loss,
        temperature=temperature,
        constant=constant,
        fixed=scores.fixed,
        key="board",
    )
    if moved is not None and not scores.fixed:
        choose_next(logits=write_numbers(moved))
    if scores.fixed and st.button("Take the first six to drag", key="take_logits", icon=":material/drag_pan:"):
        first = np.sort(scores.logits)[::-1][:_ROWS]
        choose_next(logits_of="own", logits=write_numbers(tuple(round(float(z), 2) for z in first)), truth="class 1")
