"""What is being looked at: one picture through one network on one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from explorer.ui.session.pictures import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.zoo import Fit, VisionModel


UNTRAINED = "untrained"  # in place of the sha256 of a person's weights: random ones
SEED = 0  # of those


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
        model = open_network(self.network, self.device, self.weights)
        preprocessing = model.preprocessing.with_fit(self.fit)
        return model.with_preprocessing(preprocessing.with_size(self.size or preprocessing.size))

    @property
    def input(self) -> Tensor:
        """(1, 3, size, size), normalised, on the CPU; nobody writes into it."""
        return _preprocess(self)


@st.cache_resource(max_entries=32, show_spinner=False)
def _preprocess(subject: Subject) -> Tensor:
    return subject.model.preprocessing.tensor(subject.picture.intake.image)


@st.cache_resource(show_spinner=False)
def _own_weights() -> dict[str, bytes]:
    """Uploaded weights by sha256; a handful, the oldest go first."""
    return {}


def keep_weights(digest: str, data: bytes) -> None:
    """Keep a person's weights, for `open_network`."""
    kept = _own_weights()
    kept[digest] = data
    while len(kept) > 4:
        kept.pop(next(iter(kept)))


def has_weights(digest: str) -> bool:
    """Whether the server still has them."""
    return digest in _own_weights()


@st.cache_resource(max_entries=6, show_spinner="Opening the network …")
def open_network(name: str, device: str, weights: str) -> VisionModel:
    """One network for every session that asks for it.

    Raises:
        Whatever `load_model` does.
    """
    from explorer.zoo import load_model, random_model  # bring torch, for which the home page does not wait

    if weights == UNTRAINED:
        return random_model(name, seed=SEED, device=device)
    return load_model(name, device, _own_weights()[weights] if weights else None)
