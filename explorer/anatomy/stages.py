"""A network of hundreds of layers, told in stages that can be opened.

A network that names its stages is told by them. Elsewhere a stage is a run of layers at one
resolution. Squeeze-and-excitation gates, which shrink to 1x1 and come back within a block, do not
end a stage: what counts at each layer is the largest resolution still to come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil

from explorer.anatomy.recording import INPUT, LayerFacts

STAGES = "stages"  # the container in which our networks keep theirs
MOST = 20  # columns that a person can still take in at one glance


@dataclass(frozen=True)
class Stage:
    """Layers shown as one column: a run at one resolution, a block, or a single layer.

    Attributes:
        layers: in execution order, at least one.
        title: the module the layers share, or the first and last one inside: "layer2", "features.3 … 5".
        parent: key of the opened stage it belongs to; "" at the top.
    """

    layers: tuple[LayerFacts, ...]
    title: str
    parent: str = ""

    @property
    def last(self) -> LayerFacts:
        """The layer whose maps stand for the stage."""
        return self.layers[-1]

    @property
    def closed(self) -> bool:
        """Whether there are layers inside that are not shown."""
        return len(self.layers) > 1

    @property
    def key(self) -> str:
        """What names the stage in an address: its first and last layer."""
        return f"{self.layers[0].name}:{self.last.name}" if self.closed else self.last.name

    @property
    def parameters(self) -> int:
        """Of all layers inside."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Of all layers inside."""
        return sum(layer.macs for layer in self.layers)


def stages(layers: Sequence[LayerFacts], opened: Collection[str] = (), most: int = MOST) -> list[Stage]:
    """The columns that tell a network: every layer where they are few, stages where they are many.

    Args:
        layers: every layer, in execution order.
        opened: keys of stages to replace by what is inside; unknown keys are ignored.
        most: how many columns one level may have before it is told in stages.
    """
    return _open(_split(layers, most, parent=""), opened, most)


def stage_of(columns: Sequence[Stage], layer: str) -> Stage | None:
    """The column that holds a layer."""
    return next((stage for stage in columns if any(inside.name == layer for inside in stage.layers)), None)


def _open(columns: Sequence[Stage], opened: Collection[str], most: int) -> list[Stage]:
    shown: list[Stage] = []
    for stage in columns:
        if stage.closed and stage.key in opened:
            shown.extend(_open(_split(stage.layers, most, parent=stage.key), opened, most))
        else:
            shown.append(stage)
    return shown


def _split(layers: Sequence[LayerFacts], most: int, parent: str) -> list[Stage]:
    """One level down: single layers, or named stages, or runs of one resolution, or blocks, or just portions."""
    if len(layers) <= most:
        return [Stage((layer,), _title_inside(layer.name) if parent else layer.name, parent) for layer in layers]
    paths = [layer.path.split(".") for layer in layers]
    depth = len(_shared(paths))

    def by_resolution(i: int) -> Hashable:
        return max(layer.resolution for layer in layers[i:])

    def by_module(i: int) -> Hashable:
        # The container of the stages is no unit in itself: what is in it stands beside the stem and the head.
        return tuple(paths[i][: depth + (2 if paths[i][depth : depth + 1] == [STAGES] else 1)])

    rules: list[Callable[[int], Hashable]] = [by_resolution, by_module]
    if any(STAGES in path for path in paths):
        rules.reverse()
    for rule in (*rules, lambda i: i // ceil(len(layers) / most)):
        runs = [tuple(layers[i] for i in run) for _, run in groupby(range(len(layers)), key=rule)]
        if 1 < len(runs) <= 2 * most:
            return [Stage(run, title, parent) for run, title in zip(runs, _titles(runs), strict=True)]
    raise AssertionError("portions are always few")


def _titles(runs: Sequence[Sequence[LayerFacts]]) -> list[str]:
    """A title for each run: what its layers share, with first and last where that is nothing or not its alone."""
    paths = [[layer.name.split(".") for layer in run] for run in runs]
    shared = [_shared(each) for each in paths]
    shared = [_shorten(common, shared) if len(run) > 1 else common for run, common in zip(runs, shared, strict=True)]
    titles = []
    for each, common in zip(paths, shared, strict=True):
        heads = list(dict.fromkeys(path[len(common)] for path in each if len(path) > len(common)))
        if not heads or (common and shared.count(common) == 1):
            titles.append(".".join(common))
        else:
            inside = heads[0] if len(heads) == 1 else f"{heads[0]} … {heads[-1]}"
            titles.append(".".join([*common, inside]))
    return [_without_container(title) for title in titles]


def _title_inside(name: str) -> str:
    """A layer's title where its stage was opened: "block1.expand.conv" of "stages.stage2.block1.expand.conv"."""
    container, _, rest = name.partition(".")
    return rest.partition(".")[2] if container == STAGES else name


def _without_container(name: str) -> str:
    return name.removeprefix(f"{STAGES}.")


def _shorten(path: list[str], every: Sequence[Sequence[str]]) -> list[str]:
    """A path without the end that is not needed to tell it from the others: "stage1" for its only block."""
    while len(path) > 1 and sum(list(other[: len(path) - 1]) == path[:-1] for other in every) == 1:
        path = path[:-1]
    return path


def _shared(paths: Sequence[Sequence[str]]) -> list[str]:
    """The beginning that all dotted paths have in common."""
    shared: list[str] = []
    for parts in zip(*paths, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def first_layer(layers: Sequence[LayerFacts]) -> str:
    """A layer to begin with: the one that stands for a stage, about a quarter of the way in."""
    columns = stages(layers)
    return columns[round(0.25 * (len(columns) - 1))].last.name


def sources_of(columns: Sequence[Stage]) -> list[tuple[str, ...]]:
    """For every column the keys of the columns that its layers read, "input" for the photo, nearest first.

    One that is read by more than the next, or reads more than the one before, is where branches part or join.
    """
    holding = {layer.name: place for place, stage in enumerate(columns) for layer in stage.layers}
    found = []
    for place, stage in enumerate(columns):
        read = {holding.get(name, -1) for layer in stage.layers for name in layer.inputs} - {place}
        found.append(tuple(columns[each].key if each >= 0 else INPUT for each in sorted(read, reverse=True)))
    return found
