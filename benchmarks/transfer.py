"""Transfer learning on ants and bees: accuracy beside a plain script's, what kept features save, a page beside it."""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, median

import numpy as np
from streamlit.testing.v1 import AppTest

from benchmarks.plain_transfer import train_head
from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.datasets import DatasetMissing, locate
from explorer.jobs import LocalJobs, Order
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.data.splitting import Split
from explorer.transfer.experiment import Experiment
from explorer.transfer.inputs import forget
from explorer.transfer.training import run_experiment
from explorer.transfer.trial import Recipe, Trial
from explorer.transfer.work import PICTURES, TARGET
from explorer.zoo import WeightsUnavailable

DEFAULT, PLAIN = "efficientnet-lite0", "mobilenet_v2"
NETWORKS = (DEFAULT, PLAIN, "photo-net")
SEEDS = (0, 1, 2)
ERROR_BOUNDS = {DEFAULT: 6.0, PLAIN: 7.0}  # percent of the pictures: at least 94 and 93 % are right
DIFFERENCE_BOUND = 2.0  # points between ours and the plain script
CACHE_BOUND = 1 / 8
BESIDE_BOUND = 2.0
LAYERS = Path(__file__).parents[1] / "pages" / "layers.py"


def measure(quick: bool) -> list[Row]:
    """On the CPU; the official split, 244 pictures to learn from, 153 to be measured on."""
    try:
        root = locate("hymenoptera")
    except DatasetMissing as missing:
        return [Row("ants and bees", None, "%", note=str(missing))]
    folder = next(root.rglob("train")).parent
    pictures, parts = read_official(folder)
    return [
        *_accuracy(pictures, parts, folder, SEEDS[:1] if quick else SEEDS),
        *_caching(pictures, parts, epochs=2 if quick else 20, repetitions=1 if quick else 3),
        *_beside(pictures, repetitions=3 if quick else 20),
    ]


def read_official(folder: Path) -> tuple[PictureSet, Split]:
    """All pictures under train/ and val/, and the split that they come in; nothing is held out to watch."""
    files = sorted((folder / "train").rglob("*.jpg")) + sorted((folder / "val").rglob("*.jpg"))
    classes = tuple(sorted({file.parent.name for file in files}))
    labels = np.array([classes.index(file.parent.name) for file in files], dtype=np.int64)
    learned = sum(1 for file in files if "train" in file.relative_to(folder).parts)
    places = np.arange(len(files), dtype=np.int64)
    pictures = PictureSet(
        "Ants and bees", tuple(file.read_bytes() for file in files), tuple(f.name for f in files), labels, classes
    )
    return pictures, Split(places[:learned], places[:0], places[learned:])


def _accuracy(pictures: PictureSet, parts: Split, folder: Path, seeds: tuple[int, ...]) -> list[Row]:
    rows = []
    right: dict[str, list[float]] = {}
    for network in NETWORKS:
        try:
            ours = [run_experiment(pictures, Trial(network, "head", seed=seed), parts=parts) for seed in seeds]
        except WeightsUnavailable as missing:
            rows.append(Row(f"ants and bees, new head on {network}, wrong", None, "%", note=str(missing)))
            continue
        right[network] = [100 * each.accuracy for each in ours]
        figures = ", ".join(f"{value:.1f}" for value in right[network])
        note = f"{len(seeds)} seeds: {figures} % right, {mean(each.seconds for each in ours):.1f} s each"
        name = f"ants and bees, new head on {network}, wrong"
        rows.append(Row(name, 100 - mean(right[network]), "%", ERROR_BOUNDS.get(network), note))
    if PLAIN not in right:
        return rows
    plain = [train_head(str(folder), seed) for seed in seeds]
    figures = ", ".join(f"{100 * share:.1f}" for share, _ in plain)
    theirs = 100 * mean(share for share, _ in plain)
    rows += [
        Row("the same in plain PyTorch, wrong", 100 - theirs, "%", note=f"{figures} % right"),
        Row("the same in plain PyTorch", mean(seconds for _, seconds in plain), "s", note="mean of the seeds"),
        Row("difference of the two", abs(mean(right[PLAIN]) - theirs), "points", DIFFERENCE_BOUND),
    ]
    return rows


def _caching(pictures: PictureSet, parts: Split, epochs: int, repetitions: int) -> list[Row]:
    """Features of frozen layers made once, against made anew in every epoch; preparing the pictures counts in neither.

    Both make them in float32, so that the results are the same.
    """
    trial = Trial("photo-net", "head", Recipe(epochs=epochs))

    def run(cache: bool) -> Experiment:
        forget()
        return run_experiment(pictures, trial, parts=parts, cache=cache)

    turns = [(run(True), run(False)) for _ in range(repetitions)]
    once, anew = (median(turn[side].seconds for turn in turns) for side in (0, 1))
    gap = max(float(np.abs(a.test_probabilities - b.test_probabilities).max()) for a, b in turns)
    note = f"{epochs} epochs, photo-net; {once:.1f} s against {anew:.1f} s, medians of {repetitions}, in turns"
    return [
        Row("head on kept features, over features made anew", once / anew, "x", CACHE_BOUND, note),
        Row("largest difference of a probability between the two", gap, "", 0.01),
    ]


def _beside(pictures: PictureSet, repetitions: int) -> list[Row]:
    """The Layers page, alone and while a job trains everything."""
    app = AppTest.from_file(str(LAYERS), default_timeout=300).run()
    idle = _reruns(app, repetitions)
    with tempfile.TemporaryDirectory() as root:
        jobs = LocalJobs(Path(root))
        trial = replace(Trial("photo-net", "full"), recipe=Recipe(epochs=500))
        job = jobs.submit(Order(TARGET, ({"trial": trial.to_dict()},), "benchmark"), {PICTURES: pictures.to_zip()})
        try:
            _wait(lambda: any("step" in event for event in jobs.follow(job).tasks[0].events))
            busy = _reruns(app, repetitions)
            state = jobs.follow(job).state
        finally:
            jobs.stop(job)
            _wait(lambda: jobs.follow(job).finished)
    if state != "running":
        raise RuntimeError(f"The job was {state} before the page was measured.")
    note = f"AppTest; medians of {repetitions}; photo-net fine-tuned in the job"
    return [
        Row("Layers page's rerun while a job trains, over idle", busy / idle, "x", BESIDE_BOUND, note),
        Row("Layers page's rerun, idle", idle * 1000, "ms"),
    ]


def _reruns(app: AppTest, repetitions: int) -> float:
    """Median seconds of a rerun in which another layer is picked."""
    layers = app.selectbox(key="layer").options
    seconds = []
    for turn in range(repetitions + 2):
        app.selectbox(key="layer").select(layers[turn % min(4, len(layers))])
        seconds.append(seconds_of(partial(app.run)))
        if app.exception:
            raise RuntimeError(f"The page shows an error: {app.exception}")
    return median(seconds[2:])


def _wait(until: Callable[[], bool], most: float = 120.0) -> None:
    for _ in range(int(most / 0.2)):
        if until():
            return
        threading.Event().wait(0.2)
    raise TimeoutError("The job did not get so far.")
