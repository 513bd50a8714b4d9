"""One click on Transfer: all four strategies on ants and bees, each of which may take its two minutes."""

from dataclasses import replace

from benchmarks.results import Row
from benchmarks.timing import seconds_of
from benchmarks.transfer import DEFAULT, read_official
from explorer.datasets import DatasetMissing, locate
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.experiment import Experiment
from explorer.transfer.inputs import forget
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import DEFAULT_RECIPE, FOUR, Trial

BOUND = 600  # seconds


def measure(quick: bool) -> list[Row]:
    """On the CPU, with the default network and with a small one."""
    try:
        root = locate("hymenoptera")
    except DatasetMissing as missing:
        return [Row("all four strategies", None, "s", BOUND, str(missing))]
    pictures, _ = read_official(next(root.rglob("train")).parent)
    return [_train_four(pictures, network, quick) for network in (DEFAULT, "photo-net")]


def _train_four(pictures: PictureSet, network: str, quick: bool) -> Row:
    """As the page trains them when nobody changes anything, on its own split of all pictures."""
    recipe = replace(DEFAULT_RECIPE, epochs=1, steps=0) if quick else DEFAULT_RECIPE
    trials = [Trial(network, strategy, recipe) for strategy in FOUR]
    done: list[Experiment] = []

    def run() -> None:
        forget()
        done.extend(run_experiment(pictures, trial) for trial in trials)

    seconds = seconds_of(run)
    note = ", ".join(
        f"{each.trial.strategy} {each.seconds:.0f} s, {each.curve.steps[-1]} of {each.steps} steps, "
        f"{100 * each.accuracy:.0f} %" + (f" ({each.stopped})" if each.stopped else "")
        for each in done
    )
    return Row(f"all four strategies, one seed, ants and bees, {network}", seconds, "s", BOUND, note)
