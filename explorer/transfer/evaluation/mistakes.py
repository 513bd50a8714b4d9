"""Which classes are taken for which, by which pictures, and which errors a network was surest of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.transfer.experiment import Experiment


@dataclass(frozen=True)
class Behind:
    """A test picture that stands behind a cell of the confusion matrix.

    Attributes:
        place: in the picture set.
        seeds: of the trainings that predicted it so, sorted.
        probability: of the predicted class, averaged over those.
    """

    place: int
    seeds: tuple[int, ...]
    probability: float


@dataclass(frozen=True)
class Mistake:
    """One wrong answer.

    Attributes:
        place: of the picture in the picture set.
        true, predicted: classes.
        probability: of the predicted class.
        true_probability: of the true class.
        seed: of the training that was surest of it.
        seeds: how many of the trainings told this picture wrongly, in whichever way.
    """

    place: int
    true: int
    predicted: int
    probability: float
    true_probability: float
    seed: int
    seeds: int


def confusion(experiments: Sequence[Experiment]) -> NDArray[np.int64]:
    """How often pictures of each true class (rows) were predicted to be each class (columns), summed over trainings.

    Returns:
        (K, K); all zero where nothing was measured.

    Raises:
        ValueError: there is no training, or they know other classes.
    """
    from sklearn.metrics import confusion_matrix

    if len({each.classes for each in experiments}) != 1:
        raise ValueError("a confusion matrix is of trainings that know the same classes")
    count = len(experiments[0].classes)
    counts = np.zeros((count, count), dtype=np.int64)
    for each in experiments:
        if each.finished:
            counts += confusion_matrix(each.test_labels, each.test_probabilities.argmax(axis=1), labels=range(count))
    return counts


def pictures_behind(experiments: Sequence[Experiment], true: int, predicted: int) -> tuple[Behind, ...]:
    """The pictures of one cell of the confusion matrix: those of most trainings first, then the surest."""
    found: dict[int, list[tuple[int, float]]] = {}
    for seed, answer in _answers(experiments):
        if answer.true == true and answer.predicted == predicted:
            found.setdefault(answer.place, []).append((seed, answer.probability))
    behind = [
        Behind(
            place, tuple(sorted(seed for seed, _ in predicted_by)), float(np.mean([value for _, value in predicted_by]))
        )
        for place, predicted_by in found.items()
    ]
    return tuple(sorted(behind, key=lambda each: (-len(each.seeds), -each.probability, each.place)))


def confident_errors(experiments: Sequence[Experiment], most: int = 12) -> tuple[Mistake, ...]:
    """The wrong answers with the highest probability, the surest first; each picture once, with its surest training."""
    surest: dict[int, Mistake] = {}
    wrong: dict[int, int] = {}
    for seed, answer in _answers(experiments):
        if answer.true == answer.predicted:
            continue
        wrong[answer.place] = wrong.get(answer.place, 0) + 1
        known = surest.get(answer.place)
        if known is None or (-answer.probability, seed) < (-known.probability, known.seed):
            surest[answer.place] = Mistake(
                answer.place, answer.true, answer.predicted, answer.probability, answer.true_probability, seed, 0
            )
    ranked = sorted(surest.values(), key=lambda each: (-each.probability, each.place))[:most]
    return tuple(
        Mistake(m.place, m.true, m.predicted, m.probability, m.true_probability, m.seed, wrong[m.place]) for m in ranked
    )


def worst_cell(counts: NDArray[np.int64]) -> tuple[int, int]:
    """(true, predicted) of the most frequent mistake; the fullest cell where there is none."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    chosen = wrong if wrong.any() else counts
    true, predicted = np.unravel_index(int(chosen.argmax()), chosen.shape)
    return int(true), int(predicted)


@dataclass(frozen=True)
class _Answer:
    place: int
    true: int
    predicted: int
    probability: float
    true_probability: float


def _answers(experiments: Sequence[Experiment]) -> Iterator[tuple[int, _Answer]]:
    """Seed and answer, for every training and every test picture."""
    for each in experiments:
        if not each.finished:
            continue
        predicted = each.test_probabilities.argmax(axis=1)
        rows = np.arange(len(predicted))
        columns = (
            each.test_places.tolist(),
            each.test_labels.tolist(),
            predicted.tolist(),
            each.test_probabilities[rows, predicted].tolist(),
            each.test_probabilities[rows, each.test_labels].tolist(),
        )
        for values in zip(*columns, strict=True):
            yield each.trial.seed, _Answer(*values)


def mistake_arrays(
    trained: Sequence[Experiment], counts: NDArray[np.int64], places: Sequence[int]
) -> dict[str, NDArray[np.generic]]:
    """What trainings said of their test pictures, (seeds, T, K), and the pictures behind a cell.

    Args:
        trained: trainings of a strategy.
        counts: their `confusion`.
        places: of the pictures behind the cell.
    """
    return {
        "labels": np.stack([each.test_labels for each in trained]),
        "predicted": np.stack([each.test_probabilities.argmax(axis=1) for each in trained]),
        "probabilities": np.stack([each.test_probabilities for each in trained]),
        "places": np.stack([each.test_places for each in trained]),
        "classes": np.array(trained[0].classes, dtype=np.str_),
        "confusion": counts,
        "behind": np.array(places, dtype=np.int64),
    }
