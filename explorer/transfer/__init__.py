"""Transfer learning on a person's own pictures: data, strategies, training, comparison.

What a training is (`Trial`, `Recipe`) can be said without torch; everything that needs it is imported when it is first
asked for, so that a page that only offers choices opens at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from explorer.transfer.trial import FOUR, STRATEGIES, STRATEGY_TITLES, Recipe, Strategy, TransferRejected, Trial

if TYPE_CHECKING:
    from explorer.transfer.data.built_in import BUILT_IN, list_built_in, load_built_in, official_split
    from explorer.transfer.data.pictures import PictureSet
    from explorer.transfer.data.sources import Intake, gather, read_zip
    from explorer.transfer.data.splitting import Split, split, take
    from explorer.transfer.evaluation.comparing import Group, Verdict, compare, group_experiments
    from explorer.transfer.experiment import Curve, Experiment
    from explorer.transfer.strategies import Adapted, adapt
    from explorer.transfer.training import run_experiment

_HOMES = {
    "BUILT_IN": "data.built_in",
    "list_built_in": "data.built_in",
    "load_built_in": "data.built_in",
    "official_split": "data.built_in",
    "Group": "evaluation.comparing",
    "Verdict": "evaluation.comparing",
    "compare": "evaluation.comparing",
    "group_experiments": "evaluation.comparing",
    "Curve": "experiment",
    "Experiment": "experiment",
    "PictureSet": "data.pictures",
    "Intake": "data.sources",
    "gather": "data.sources",
    "read_zip": "data.sources",
    "Split": "data.splitting",
    "split": "data.splitting",
    "take": "data.splitting",
    "Adapted": "strategies",
    "adapt": "strategies",
    "run_experiment": "training",
}

__all__ = [
    "BUILT_IN",
    "FOUR",
    "STRATEGIES",
    "STRATEGY_TITLES",
    "Adapted",
    "Curve",
    "Experiment",
    "Group",
    "Intake",
    "PictureSet",
    "Recipe",
    "Split",
    "Strategy",
    "TransferRejected",
    "Trial",
    "Verdict",
    "adapt",
    "compare",
    "gather",
    "group_experiments",
    "list_built_in",
    "load_built_in",
    "official_split",
    "read_zip",
    "run_experiment",
    "split",
    "take",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
