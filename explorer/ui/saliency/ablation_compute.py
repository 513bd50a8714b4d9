"""Some channels of a layer scaled, computed once: predictions, the maps further on, and what each channel is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import Edit, LayerFacts, record
from explorer.rendering import Mosaic, mosaic
from explorer.saliency import estimate_losses, measure_losses
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import compute_maps, facts_of

MOST_MAPS = 12
PAIRS_IN_A_ROW = 4
_CELL = 96  # pixels of one map on the sheet, about
_LINE, _GAP = 4, 14  # pixels between the maps of a pair, and between pairs


@dataclass(frozen=True)
class Switch:
    """Channels of a layer and their factor. Hashable.

    Attributes:
        layer: its name.
        channels: which; None for all.
        factor: what they are multiplied by; 0 is off.
    """

    layer: str
    channels: tuple[int, ...] | None
    factor: float

    @property
    def edit(self) -> Edit:
        """The same for `record`."""
        return Edit(self.layer, self.factor, self.channels)


@dataclass(frozen=True, eq=False)
class Moved:
    """The maps of a layer that moved most; only those that did move.

    Attributes:
        channels: (N,) their numbers, the one that moved most first.
        changes: (N,) mean absolute change of each over its cells.
        before, after: (N, H, W).
        pairs: a PNG for each, before and after side by side on one scale.
        sheet: all of them.
        signed: whether its colours have a sign.
        still: how many channels of the layer did not change at all.
    """

    channels: NDArray[np.int64]
    changes: NDArray[np.float64]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    pairs: tuple[bytes, ...]
    sheet: Mosaic
    signed: bool
    still: int


def followers(subject: Subject, layer: str) -> tuple[LayerFacts, ...]:
    """The layers whose maps depend on a layer, in execution order; maps of a single cell do not count."""
    reached, found = {layer}, []
    for facts in facts_of(subject):
        if facts.name != layer and reached & set(facts.inputs):
            reached.add(facts.name)
            if len(facts.shape) == 3 and facts.resolution != (1, 1):
                found.append(facts)
    return tuple(found)


@st.cache_data(max_entries=64, show_spinner="Weighing the channels …")
def compute_estimates(subject: Subject, layer: str, target: int, contrast: int | None) -> NDArray[np.float64]:
    """(C,) what the score would lose without each channel, to first order.

    Raises:
        SaliencyImpossible: the score does not depend on this layer.
    """
    return estimate_losses(subject.model, subject.input, layer, target, contrast)


@st.cache_data(max_entries=64, show_spinner="Switching the channels off one by one …")
def compute_measured(
    subject: Subject, layer: str, channels: tuple[int, ...], target: int, contrast: int | None
) -> NDArray[np.float64]:
    """(len(channels),) what the score loses without each of some channels."""
    return measure_losses(subject.model, subject.input, layer, channels, target, contrast)


@st.cache_data(max_entries=64, show_spinner=False)
def compute_switched(subject: Subject, switch: Switch) -> NDArray[np.float32]:
    """(num_classes,) probabilities with the channels scaled."""
    edited = record(subject.model, subject.input, layers=[], edits=[switch.edit])
    probabilities: NDArray[np.float32] = edited.probabilities.cpu().numpy()
    return probabilities


@st.cache_data(max_entries=32, show_spinner=False)
def compute_moved(subject: Subject, switch: Switch, layer: str) -> Moved:
    """The maps of a layer that the switch moves most."""
    before = compute_maps(subject, layer)
    edited = record(subject.model, subject.input, layers=[layer], edits=[switch.edit])
    after: NDArray[np.float32] = edited[layer].maps.float().cpu().numpy()
    changes = np.abs(after.astype(np.float64) - before).mean((1, 2))
    most = np.argsort(-changes, kind="stable")[: min(MOST_MAPS, int((changes > 0).sum()))]
    signed = bool(min(before.min(), after.min()) < 0)
    pairs = tuple(draw_pairs(before[[number]], after[[number]], signed).png for number in most)
    sheet = draw_pairs(before[most], after[most], signed)
    return Moved(most, changes[most], before[most], after[most], pairs, sheet, signed, int((changes == 0).sum()))


def draw_pairs(before: NDArray[np.float32], after: NDArray[np.float32], signed: bool) -> Mosaic:
    """Every map beside what became of it, with a grey line between them and one scale for both.

    Args:
        before, after: (N, H, W).
        signed: blue-white-red about zero.
    """
    count, height, width = before.shape
    times = max(1, _CELL // max(height, width))
    before, after = (maps.repeat(times, axis=1).repeat(times, axis=2) for maps in (before, after))
    line = np.full((count, height * times, _LINE), np.nan, np.float32)
    pairs = np.concatenate([before, line, after], axis=2)
    # Only maps that are large by themselves may make the sheet too wide, and are then averaged.
    magnify = 1 if times > 1 else None
    return mosaic(pairs, signed=signed, columns=PAIRS_IN_A_ROW, magnify=magnify, gap=_GAP)
