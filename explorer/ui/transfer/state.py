"""What the parts of the Transfer page share: the chosen pictures, the job of the address, and what it has made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import streamlit as st

from explorer.jobs.order import JobUnknown
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import Trial
from explorer.transfer.work import ORDER, PICTURES, Ordered
from explorer.ui.kit.choose import choose_one
from explorer.ui.session.jobs import JobOfPage, the_jobs
from explorer.zoo import VisionModel

WeightsOf = Callable[[Experiment], bytes]

SHOWN: Final = JobOfPage("transfer")


def ordered_of(job: str) -> Ordered:
    """What the job was asked to do.

    Raises:
        JobUnknown: there is no such job any more, or it is none of this page's.
    """
    try:
        return _read_ordered(the_jobs().result(job) / "inputs" / ORDER)
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, JobUnknown):
            raise
        raise JobUnknown("This job is no comparison of strategies that can be read.") from error


@lru_cache(maxsize=64)
def _read_ordered(path: Path) -> Ordered:
    return Ordered.from_json(path.read_text(encoding="utf-8"))


def pictures_of(job: str) -> PictureSet:
    """The pictures that the job learns from, read again from what came with it.

    Raises:
        JobUnknown: there is no such job any more, or its pictures cannot be read.
    """
    title = ordered_of(job).title
    return _read_pictures(the_jobs().result(job) / "inputs" / PICTURES, title)


def hold_pictures(job: str, pictures: PictureSet) -> None:
    """Keep the pictures of a job that was just submitted: what is at hand is not read again."""
    _read_pictures(the_jobs().result(job) / "inputs" / PICTURES, pictures.title, pictures)


def forget_pictures() -> None:
    """Let go of the pictures of jobs; those of jobs that are still there are read again."""
    _read_pictures.clear()


@st.cache_resource(max_entries=2, show_spinner="Reading the pictures …")
def _read_pictures(path: Path, title: str, _held: PictureSet | None = None) -> PictureSet:
    from explorer.transfer.data.sources import reopen

    return reopen(path.read_bytes(), title) if _held is None else _held


def experiments_of(job: str) -> list[tuple[Experiment, Path]]:
    """The trainings of a job that have ended and were measured, each with the folder where its weights lie.

    Raises:
        JobUnknown: there is no such job, or no longer.
    """
    root, count = the_jobs().result(job), len(ordered_of(job).trials)
    files = [root / str(number) / "experiment.json" for number in range(count)]
    return [(_load(file.parent, file.stat().st_mtime_ns), file.parent) for file in files if file.is_file()]


def measured_of(job: str) -> list[Experiment]:
    """The trainings of a job that can be tried already; none where the job cannot be read."""
    try:
        return [experiment for experiment, _ in experiments_of(job)]
    except JobUnknown:
        return []


@lru_cache(maxsize=512)
def _load(folder: Path, written: int) -> Experiment:
    return Experiment.load(folder)


def weights_of(experiment: Experiment) -> bytes:
    """The safetensors file of a finished training of the current job.

    Raises:
        JobUnknown: the job has gone.
        FileNotFoundError: no training of the current job is this one.
    """
    for each, folder in experiments_of(SHOWN.current()):
        if each.trial == experiment.trial:
            return (folder / "weights.safetensors").read_bytes()
    raise FileNotFoundError("These weights belong to another job.")


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
    finished = {each.trial.describe(several): each for each in done}
    if not finished:
        st.info("Train something first; what was trained can be looked into here.", icon=":material/school:")
        return None
    best = max(finished, key=lambda name: finished[name].accuracy)
    chosen = choose_one(
        "Training",
        list(finished),
        "training",
        best,
        help="A strategy with one seed; at first the one with most test pictures right.",
    )
    experiment = finished[chosen]
    try:
        data = weights_of(experiment)
    except (OSError, JobUnknown):
        st.warning("The weights of this training are no longer on the server; train it again.", icon=":material/block:")
        return None
    return Trained(experiment, data, hashlib.sha256(data).hexdigest())


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
    from explorer.transfer.evaluation.inside import starting_network

    return starting_network(Trial.from_dict(json.loads(trial)), classes)
