"""Trainings of a few seconds for the tests of what the Transfer page shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Experiment
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, Strategy, Trial
from tests.pages.opening import SECONDS
from tests.transfer.making_pictures import coloured_pictures


@dataclass(frozen=True)
class Trainings:
    """Finished trainings, what they learned from, and their folder."""

    experiments: tuple[Experiment, ...]
    pictures: PictureSet
    folder: Path

    def weights_of(self, experiment: Experiment) -> bytes:
        return (self.folder / experiment.trial.strategy / "weights.safetensors").read_bytes()

    def open(self, show: Any, address: dict[str, str] | None = None) -> AppTest:
        """A page that holds nothing but the chooser of trainings and what `show` draws of one, not run yet."""

        def page() -> None:
            import streamlit as st

            from explorer.ui.transfer.state import choose_trained

            show, trainings = st.session_state["given"]
            if trained := choose_trained(trainings.experiments, trainings.weights_of):
                show(trained, trainings.pictures)

        app = AppTest.from_function(page, default_timeout=SECONDS)
        app.session_state["given"] = show, self
        for key, value in (address or {}).items():
            app.query_params[key] = value
        return app


def make_trainings(folder: Path, network: str = "tiny-vgg", *strategies: Strategy) -> Trainings:
    """One training of each strategy, one epoch on twenty small pictures in two colours."""
    pictures = coloured_pictures(each=10)
    experiments = []
    for strategy in strategies:
        own = folder / strategy
        own.mkdir()
        trial = Trial(network, strategy, Recipe(epochs=1, batch_size=8, learning_rate=0.01), device="cpu")
        experiments.append(run_experiment(pictures, trial, folder=own))
    return Trainings(tuple(experiments), pictures, folder)
