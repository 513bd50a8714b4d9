"""One forward pass of the subject, kept for every page: layer facts, maps, and where they answer most."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.anatomy import Edit, LayerFacts, Recording, record, strongest_places, summarize_layers
from explorer.ui.session.subject import Subject

PLACES = 4  # of one picture that may activate a map


def facts_of(subject: Subject) -> tuple[LayerFacts, ...]:
    """Every layer of the network at this resolution."""
    import torch

    model = subject.model
    size = model.preprocessing.size
    return summarize_layers(model, torch.zeros(1, 3, size, size))


@st.cache_resource(max_entries=2, show_spinner=False)
def recording_of(subject: Subject) -> Recording:
    """One forward pass with what every layer read and gave, for all views of a subject and of the one beside it.

    What a layer reads is, but for a shuffle or a split, what others gave: it takes no memory of its own.
    """
    return record(subject.model, subject.input, inputs=True)


def compute_probabilities(subject: Subject) -> NDArray[np.float32]:
    """(num_classes,) probabilities of the photo as it is."""
    probabilities: NDArray[np.float32] = recording_of(subject).probabilities.cpu().numpy()
    return probabilities


@st.cache_data(max_entries=64, show_spinner=False)
def compute_edited(subject: Subject, edit: Edit) -> NDArray[np.float32]:
    """(num_classes,) probabilities with some channels of a layer scaled."""
    edited = record(subject.model, subject.input, layers=[], edits=[edit])
    probabilities: NDArray[np.float32] = edited.probabilities.cpu().numpy()
    return probabilities


def compute_maps(subject: Subject, layer: str) -> NDArray[np.float32]:
    """The maps of one layer, (C, H, W) float32; nobody writes into them."""
    maps: NDArray[np.float32] = recording_of(subject)[layer].maps.float().cpu().numpy()
    return maps


@st.cache_data(max_entries=512, show_spinner=False)
def compute_places(subject: Subject, layer: str) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Where on this picture every map of a layer answers most: values (C, PLACES) and cells (C, PLACES, 2).

    The strongest first, neighbours left out; NaN where there is no other place above zero. It keeps one layer only:
    asked for every picture at hand, it would drive the chosen picture's recording out.
    """
    found = record(subject.model, subject.input, layers=[layer])[layer]
    size = (int(subject.input.shape[2]), int(subject.input.shape[3]))
    values, cells = strongest_places(found.maps.float(), found.receptive_field, size, PLACES)
    return values.cpu().numpy(), cells.cpu().numpy().astype(np.int16)
