"""The patches of the pictures at hand that activate one map most, strongest first, cut out as the network saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy import LayerFacts
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.recorded import PLACES, compute_places


@dataclass(frozen=True)
class Patch:
    """A part of a picture that a map answers to.

    Attributes:
        value: of the map there.
        label: of the picture.
        cell: row and column on the map.
        box: what the cell can see, cut to the picture: left, top, right, bottom in pixels of the network's input.
    """

    value: float
    label: str
    cell: tuple[int, int]
    box: tuple[float, float, float, float]

    @property
    def title(self) -> str:
        """Of the picture."""
        return get_picture(self.label).title


def rank_patches(
    subject: Subject,
    facts: LayerFacts,
    unit: int,
    labels: Sequence[str],
    each: int = PLACES,
    tell: Callable[[int], None] | None = None,
) -> list[Patch]:
    """Every place above zero, strongest first; of equals, the earlier picture's.

    Args:
        subject: the network, and how pictures get into it.
        facts: of the layer.
        unit: the map.
        labels: of the pictures.
        each: places of one picture at most.
        tell: called with the number of pictures done.
    """
    size = subject.model.preprocessing.size
    patches = []
    for done, label in enumerate(labels, start=1):
        other = replace(subject, picture=get_picture(label))
        values, cells = compute_places(other, facts.name)
        for value, (row, column) in zip(values[unit, :each].tolist(), cells[unit, :each].tolist(), strict=True):
            if value > 0:  # NaN where there are no more places
                box = facts.receptive_field.box(row, column, size, size)
                patches.append(Patch(value, label, (row, column), box))
        if tell is not None:
            tell(done)
    return sorted(patches, key=lambda patch: -patch.value)


def cut_patch(subject: Subject, patch: Patch) -> NDArray[np.uint8]:
    """(h, w, 3) the pixels behind a patch, as the network sees them."""
    seen = subject.model.preprocessing.pixels(get_picture(patch.label).intake.image)
    left, top, right, bottom = (round(side) for side in patch.box)
    return np.ascontiguousarray(seen[top : max(bottom, top + 1), left : max(right, left + 1)])
