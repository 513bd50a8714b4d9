"""Networks that have learned to say the first letter, trained while a person waits and kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from streamlit.delta_generator import DeltaGenerator

from explorer.sequences.memory.first_letter import SEEDS, STEPS, Learned, Task, train_in_slices
from explorer.sequences.memory.networks import Network
from explorer.slices import count_within, finish
from explorer.ui.kit.cache import once
from explorer.ui.kit.slow import Tell, obtain


def obtain_learned(network: Network, between: int, place: DeltaGenerator, said: str = "") -> tuple[Learned, ...] | None:
    """What a network learns from every seed; None where the person has stopped its training, which is said.

    Args:
        network: with any seed.
        between: letters between the first and the answer.
        place: an `st.empty` to show progress in.
        said: behind what is trained, for people.
    """
    tasks = [Task(replace(network, seed=seed), between) for seed in range(SEEDS)]
    return obtain(
        ("first letter", *tasks),
        f"Training {network.title}, n = {between}, {SEEDS} seeds{said}",
        "steps",
        partial(_train_all, tasks),
        place,
        f"memory-task-{network.title}-{between}",
    )


def _train_all(tasks: list[Task], tell: Tell) -> tuple[Learned, ...]:
    """Each training is kept by itself, so that one that was stopped goes on where it was."""
    learned = []
    for number, task in enumerate(tasks):
        learned.append(once(("first letter", task), partial(_train, task, number * STEPS, len(tasks) * STEPS, tell)))
    return tuple(learned)


def _train(task: Task, before: int, of: int, tell: Tell) -> Learned:
    return finish(count_within(train_in_slices(task), before, of), tell)
