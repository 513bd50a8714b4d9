"""One finished training of a comparison: which one, its weights, and its network before and after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from explorer.jobs.order import JobUnknown
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import STRATEGY_TITLES, Trial
from explorer.ui.kit.choose import keep_valid
from explorer.zoo import VisionModel

WeightsOf = Callable[[Experiment], bytes]


@dataclass(frozen=True)
class Trained:
    """A finished training with its weights.

    Attributes:
        experiment: what was measured.
        weights: its safetensors file.
        digest: sha256 of the file, for caches.
    """

    experiment: Experiment
    weights: bytes = field(repr=False)
    digest: str

    @property
    def trial(self) -> Trial:
        """What was trained."""
        return self.experiment.trial

    @property
    def after(self) -> VisionModel:
        """The trained network."""
        return open_trained(self.trial.network, self.digest, self.weights)

    @property
    def before(self) -> VisionModel:
        """The network as its training began."""
        return open_start(self.trial.to_json(), self.experiment.classes)


def choose_trained(experiments: Sequence[Experiment], weights_of: WeightsOf) -> Trained | None:
    """The chooser of finished trainings, "training" in the address.

    Args:
        experiments: of a comparison; unfinished ones are left out.
        weights_of: gives the safetensors file of one of them.

    Returns:
        The chosen one; None where there is none, or its weights have gone, and the page says so.
    """
    done = [each for each in experiments if each.finished]
    several = len({each.trial.network for each in done}) > 1
    finished = {told(each.trial, several): each for each in done}
    if not finished:
        st.info("Train something first; what was trained can be looked into here.", icon=":material/school:")
        return None
    names = list(finished)
    best = max(names, key=lambda name: finished[name].accuracy)
    keep_valid("training", names, best)
    chosen: str | None = st.selectbox(
        "Training",
        names,
        names.index(best),
        key="training",
        bind="query-params",
        help="A strategy with one seed; at first the one with most test pictures right.",
    )
    experiment = finished[chosen or best]
    try:
        data = weights_of(experiment)
    except (OSError, JobUnknown):
        st.warning("The weights of this training are no longer on the server; train it again.", icon=":material/block:")
        return None
    return Trained(experiment, data, hashlib.sha256(data).hexdigest())


def told(trial: Trial, with_network: bool = False) -> str:
    """A training as people call it, unique within a comparison."""
    share = f", {100 * trial.share:g} % of the pictures" if trial.share < 1 else ""
    network = f"{trial.network}, " if with_network else ""
    return f"{network}{STRATEGY_TITLES[trial.strategy]}, seed {trial.seed}{share}"


@st.cache_resource(max_entries=4, show_spinner="Opening the trained network …")
def open_trained(network: str, digest: str, _weights: bytes) -> VisionModel:
    """A trained network, known by the digest of its weights.

    Raises:
        WeightsRejected: they are of another architecture.
    """
    from explorer.zoo import load_model

    return load_model(network, "auto", _weights)


@st.cache_resource(max_entries=3, show_spinner="Opening the network as it was …")
def open_start(trial: str, classes: tuple[str, ...]) -> VisionModel:
    """A network before its training; `trial` as `Trial.to_json` writes it."""
    from explorer.transfer.inside import starting_network

    return starting_network(Trial.from_dict(json.loads(trial)), classes)
