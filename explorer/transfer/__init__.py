"""Transfer learning on a person's own pictures: data, strategies, training, comparison.

What a training is (`Trial`, `Recipe`) can be said without torch; everything that needs it is imported when it is first
asked for, so that a page that only offers choices opens at once.
"""

from typing import TYPE_CHECKING

import lazy_loader

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

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "data.built_in": ["BUILT_IN", "list_built_in", "load_built_in", "official_split"],
        "data.pictures": ["PictureSet"],
        "data.sources": ["Intake", "gather", "read_zip"],
        "data.splitting": ["Split", "split", "take"],
        "evaluation.comparing": ["Group", "Verdict", "compare", "group_experiments"],
        "experiment": ["Curve", "Experiment"],
        "strategies": ["Adapted", "adapt"],
        "training": ["run_experiment"],
    },
)

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
