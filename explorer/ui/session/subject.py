"""What is being looked at: one picture through one network on one device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from explorer.shared_files import KeptFiles, SharedFile
from explorer.ui.session.pictures import Picture
from explorer.ui.session.quantities import session_id

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.zoo import Fit, VisionModel


UNTRAINED = "untrained"  # in place of the sha256 of a person's weights: random ones
SEED = 0  # of those
WEIGHTS_OF_SESSION = 700 * 2**20  # bytes of a person's own weights; one file may have 600 MB
ALL_WEIGHTS = 1400 * 2**20
DIGITS = 16  # of a file's sha256, by which addresses name it
SAY_GONE = (
    f"These weights are no longer on the server: it keeps {ALL_WEIGHTS // 2**20:,} MB of people's own weights, and "
    f"{WEIGHTS_OF_SESSION // 2**20} MB for each of them, the newest. Upload the file again."
)


@dataclass(frozen=True)
class Subject:
    """A picture, a network and how the one gets into the other. Hashable: the key of every cache.

    Attributes:
        picture: what is looked at.
        network: name for `load_model`.
        device: name for `load_model`.
        weights: sha256 of the person's own weights, "" for the network's, `UNTRAINED` for random ones.
        fit: how the picture becomes a square.
        size: side of that square in pixels; 0 for what the network was trained on.
    """

    picture: Picture
    network: str
    device: str = "auto"
    weights: str = ""
    fit: Fit = "crop"
    size: int = 0

    @property
    def file_stem(self) -> str:
        """The network in the names of files about it."""
        return f"{self.network}-{UNTRAINED}" if self.weights == UNTRAINED else self.network

    @property
    def model(self) -> VisionModel:
        """The network, behind the chosen fit and size."""
        # By name: Streamlit looks up the signature for every argument that comes by its place, for each of many calls.
        model = open_network(name=self.network, device=self.device, weights=self.weights)
        preprocessing = model.preprocessing.with_fit(self.fit)
        return model.with_preprocessing(preprocessing.with_size(self.size or preprocessing.size))

    @property
    def input(self) -> Tensor:
        """(1, 3, size, size), normalised, on the CPU; nobody writes into it."""
        return _preprocess(self)


@st.cache_resource(max_entries=32, show_spinner=False)
def _preprocess(subject: Subject) -> Tensor:
    return subject.model.preprocessing.tensor(subject.picture.intake.image)


class OwnWeights(NamedTuple):
    """A person's weights: the name of their file, untrusted text, the file, and its sha256."""

    title: str
    data: bytes
    digest: str


@st.cache_resource(show_spinner=False)
def _own_weights() -> KeptFiles[OwnWeights]:
    """By the first `DIGITS` of the sha256."""
    return KeptFiles("weights", WEIGHTS_OF_SESSION, ALL_WEIGHTS, _read_again)


def _read_again(start: str, file: SharedFile) -> tuple[OwnWeights, int] | None:
    """Weights that this copy of the dashboard does not have in memory; `open_network` judges them as when they came."""
    digest = hashlib.sha256(file.data).hexdigest()
    return (OwnWeights(*file, digest), len(file.data)) if digest.startswith(start) else None


def keep_weights(digest: str, data: bytes, title: str = "") -> None:
    """Keep a person's weights, for `open_network`."""
    kept, file = OwnWeights(title, data, digest), SharedFile(title, data)
    _own_weights().put_file(digest[:DIGITS], kept, len(data), session_id(), file)


def find_weights(digest: str) -> OwnWeights | None:
    """Somebody's weights; None where the server has them no longer."""
    kept = _own_weights().recall(digest[:DIGITS], session_id())
    return kept if kept is not None and kept.digest.startswith(digest) else None


def drop_weights(digest: str) -> None:
    """Let go of a person's weights."""
    _own_weights().drop(digest[:DIGITS])


def recall_weights(start: str) -> str:
    """The digest that begins so, of weights that the server has; "" for none."""
    kept = find_weights(start) if len(start) >= DIGITS else None
    return kept.digest if kept is not None else ""


@st.cache_resource(max_entries=6, show_spinner="Opening the network …")
def open_network(name: str, device: str, weights: str) -> VisionModel:
    """One network for every session that asks for it.

    Raises:
        Whatever `load_model` does.
    """
    from explorer.zoo import (
        WeightsRejected,
        load_model,
        random_model,
    )  # bring torch, for which the home page does not wait

    if weights == UNTRAINED:
        return random_model(name, seed=SEED, device=device)
    own = find_weights(weights) if weights else None
    if weights and own is None:
        raise WeightsRejected(SAY_GONE)
    return load_model(name, device, own.data if own else None)
