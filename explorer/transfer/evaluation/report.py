"""A comparison to take home: a table as CSV, and a page that needs nothing from elsewhere.

Figures are not made here: the page takes them as ready pieces of HTML.
"""

from __future__ import annotations

import csv
import io
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata, resources
from math import isfinite
from typing import Any

import numpy as np

from explorer.transfer.evaluation.comparing import Group, Verdict, compare, group_experiments
from explorer.transfer.evaluation.ending import tell_endings
from explorer.transfer.evaluation.mistakes import confusion
from explorer.transfer.evaluation.tables import pair_rows
from explorer.transfer.experiment import Experiment
from explorer.transfer.trial import STRATEGY_TITLES, Recipe

COLUMNS = (
    "kind",
    "network",
    "strategy",
    "share",
    "seed",
    "trainings",
    "training_pictures",
    "validation_pictures",
    "test_pictures",
    "accuracy",
    "deviation",
    "interval_low",
    "interval_high",
    "seconds",
    "trainable",
    "parameters",
    "epochs",
    "stopped",
    "precision",
    "cached",
    "device",
    "split_seed",
    "kept",
    *(f"recipe_{name}" for name in Recipe.__dataclass_fields__),
)
_LIBRARIES = ("torch", "torchvision", "numpy", "scikit-learn", "scipy", "pillow")
_MOST_CLASSES = 25  # of a confusion matrix that fits on a page


def to_csv(experiments: Sequence[Experiment]) -> str:
    """One row for each training ("experiment"), then one for all seeds of a strategy ("group").

    Shares and accuracies are from 0 to 1, times in seconds. What does not apply is left empty.

    Raises:
        TransferRejected: the trainings cannot be compared.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    groups = group_experiments(experiments)
    for group in groups:
        for each in group.experiments:
            writer.writerow({**_shared(each), **_of_one(each)})
    for group in groups:
        writer.writerow({**_shared(group.experiments[0]), **_of_group(group)})
    return buffer.getvalue()


def to_html(
    experiments: Sequence[Experiment],
    *,
    title: str = "Transfer learning",
    figures: Sequence[tuple[str, str]] = (),
    script: str = "",
    remarks: Sequence[str] = (),
    now: datetime | None = None,
) -> str:
    """A page with the verdict, the figures and every number, in light and dark; it asks no other machine for anything.

    Args:
        experiments: what was measured, in any order.
        title: of the pictures, as a person calls them.
        figures: titles and HTML. The HTML is put in as it is, so it must come from us.
        script: a program that the figures need, likewise.
        remarks: further sentences, such as what the rule of thumb says; `**` marks names.
        now: the date in the page; the current time if None.

    Raises:
        TransferRejected: the trainings cannot be compared.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_read_template())
    groups = group_experiments(experiments)
    shares = sorted({group.share for group in groups}, reverse=True)
    verdicts = [(share, compare([group for group in groups if group.share == share])) for share in shares]
    trainings = [each for group in groups for each in group.experiments]
    return str(
        template.render(
            title=title,
            date=(now or datetime.now(UTC)).strftime("%-d %B %Y, %H:%M UTC"),
            classes=trainings[0].classes if trainings else (),
            verdicts=[(share, strip_marks(verdict.sentence)) for share, verdict in verdicts],
            remarks=[strip_marks(each) for each in (*remarks, *tell_endings(trainings))],
            groups=[_row(group) for group in groups],
            pairs=[(f"{100 * share:.3g} %", _pairs(verdict)) for share, verdict in verdicts if verdict.differences],
            trainings=[_training_row(each) for each in trainings],
            figures=[(name, Markup(piece)) for name, piece in figures],
            script=Markup(script),
            confusions=_confusions(groups),
            settings=_settings(trainings),
            versions=list(library_versions().items()),
        )
    )


def library_versions() -> dict[str, str]:
    """Python's version and those of the libraries that decide numbers."""
    versions = {"Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def strip_marks(sentence: str) -> str:
    """A sentence without the marks that make names bold on a page."""
    return sentence.replace("**", "")


@cache
def _read_template() -> str:
    return (resources.files("explorer.transfer.evaluation") / "report.html").read_text(encoding="utf-8")


def _shared(experiment: Experiment) -> dict[str, Any]:
    trial = experiment.trial
    recipe = {f"recipe_{name}": getattr(trial.recipe, name) for name in Recipe.__dataclass_fields__}
    return {
        "network": trial.network,
        "strategy": trial.strategy,
        "share": trial.share,
        "training_pictures": experiment.training,
        "validation_pictures": experiment.validation,
        "test_pictures": experiment.test,
        "trainable": experiment.trainable,
        "parameters": experiment.parameters,
        "precision": experiment.precision,
        "cached": experiment.cached,
        "device": experiment.device,
        "split_seed": trial.split_seed,
        "kept": trial.kept,
        **recipe,
    }


def _of_one(experiment: Experiment) -> dict[str, Any]:
    return {
        "kind": "experiment",
        "seed": experiment.trial.seed,
        "trainings": 1,
        "accuracy": experiment.accuracy,
        "seconds": experiment.seconds,
        "epochs": experiment.curve.epochs[-1] if experiment.curve.epochs else 0,
        "stopped": experiment.stopped,
    }


def _of_group(group: Group) -> dict[str, Any]:
    return {
        "kind": "group",
        "trainings": len(group.experiments),
        "accuracy": group.mean,
        "deviation": group.deviation if isfinite(group.deviation) else "",
        "interval_low": group.interval[0],
        "interval_high": group.interval[1],
        "seconds": group.seconds,
    }


def _row(group: Group) -> dict[str, str]:
    low, high = group.interval
    return {
        "Strategy": group.title,
        "Network": group.network,
        "Training pictures": f"{group.training:,} ({100 * group.share:.3g} %)",
        "Accuracy": _percent(group.mean),
        "95 % interval": f"{100 * low:.1f} to {100 * high:.1f} %",
        "Spread over seeds": f"± {100 * group.deviation:.1f}" if isfinite(group.deviation) else "one seed",
        "Seconds": f"{group.seconds:,.1f}",
        "Trainable": f"{group.trainable:,} of {group.parameters:,}",
    }


def _training_row(each: Experiment) -> dict[str, str]:
    return {
        "Strategy": STRATEGY_TITLES[each.trial.strategy],
        "Network": each.trial.network,
        "Share": f"{100 * each.trial.share:.3g} %",
        "Seed": str(each.trial.seed),
        "Accuracy": _percent(each.accuracy),
        "Epochs": str(each.curve.epochs[-1] if each.curve.epochs else 0),
        "Seconds": f"{each.seconds:,.1f}",
        "Ended": each.stopped or "as planned",
        "Device": f"{each.device}, {each.precision}",
    }


def _pairs(verdict: Verdict) -> list[dict[str, str]]:
    return [{head.capitalize(): cell for head, cell in row.items()} for row in pair_rows(verdict)]


def _confusions(groups: Sequence[Group]) -> list[tuple[str, list[list[int]]]]:
    """Of the largest share, summed over seeds; none where there are too many classes for a page."""
    if not groups or len(groups[0].experiments[0].classes) > _MOST_CLASSES:
        return []
    most = max(group.share for group in groups)
    return [
        (f"{group.title}, {group.network}", np.asarray(confusion(group.experiments)).tolist())
        for group in groups
        if group.share == most
    ]


def _settings(trainings: Sequence[Experiment]) -> list[tuple[str, str]]:
    """What all trainings have in common by the recipe, and where they differ, every value."""
    if not trainings:
        return []
    values: list[tuple[str, list[str]]] = [
        (name.replace("_", " "), _distinct(getattr(each.trial.recipe, name) for each in trainings))
        for name in Recipe.__dataclass_fields__
    ]
    values += [
        ("seeds", _distinct(each.trial.seed for each in trainings)),
        ("seed of the split", _distinct(each.trial.split_seed for each in trainings)),
        ("test pictures", _distinct(each.test for each in trainings)),
        ("validation pictures", _distinct(each.validation for each in trainings)),
        ("precision", _distinct(each.precision for each in trainings)),
        ("device", _distinct(each.device for each in trainings)),
    ]
    return [(name, ", ".join(each)) for name, each in values]


def _distinct(values: Any) -> list[str]:
    return [str(value) if value != "" else "none" for value in dict.fromkeys(values)]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
