"""The real pictures beside one that was made: which of their patches the network answers to most, or least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import LayerFacts, record, strongest_places
from explorer.feature_visualization import Objective, record_maps, score_direction
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject
from explorer.ui.shared.strongest_patches import Patch

_EACH = 2  # patches of one picture


@dataclass(frozen=True, eq=False)
class Evidence:
    """What real pictures bring the same number to.

    Attributes:
        patches: those that answer most, the strongest first; least where that is asked for.
        values: of every patch of every picture.
        pictures: how many there are.
    """

    patches: list[Patch]
    values: NDArray[np.float32]
    pictures: int


@st.cache_data(max_entries=256, show_spinner=False)
def compute_scores(subject: Subject, objective: Objective) -> NDArray[np.float32]:
    """(H, W) what each cell of the layer brings the objective to on this picture; (1, 1) the logit of a class."""
    if objective.kind == "class":
        return (
            record(subject.model, subject.input, layers=[]).logits[objective.unit].float().cpu().numpy().reshape(1, 1)
        )
    maps = record_maps(subject.model, subject.input, objective.layer).float()
    scores = score_direction(maps.movedim(0, -1), objective.direction) if objective.direction else maps[objective.unit]
    values: NDArray[np.float32] = scores.cpu().numpy()
    return values


def find_evidence(subject: Subject, objective: Objective, facts: LayerFacts | None, labels: Sequence[str]) -> Evidence:
    """The patches of pictures, by how far they go the objective's way.

    Args:
        subject: the network, and how pictures get into it.
        objective: at a layer that is measured itself.
        facts: of that layer; None for a class, which looks at the whole picture.
        labels: of the pictures.
    """
    import torch

    size = subject.model.preprocessing.size
    patches, values = list[Patch](), list[NDArray[np.float32]]()
    for label in labels:
        scores = compute_scores(replace(subject, picture=get_picture(label)), objective)
        values.append(scores.ravel())
        if facts is None:
            patches.append(Patch(float(scores[0, 0]), label, (0, 0), (0.0, 0.0, float(size), float(size))))
            continue
        wanted = -scores if objective.negative else scores
        found, cells = strongest_places(  # which takes nothing that is not above zero
            torch.from_numpy(wanted - wanted.min() + 1)[None], facts.receptive_field, (size, size), _EACH
        )
        for row, column in cells[0][~found[0].isnan()].tolist():
            box = facts.receptive_field.box(row, column, size, size)
            patches.append(Patch(float(scores[row, column]), label, (row, column), box))
    patches.sort(key=lambda patch: patch.value, reverse=not objective.negative)
    return Evidence(patches, np.concatenate(values), len(labels))
