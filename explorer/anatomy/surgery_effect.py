"""What a change of a network's pooling layers does to its shapes, its work and its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from explorer.anatomy.heads import Head, describe_head
from explorer.anatomy.recording import PredictionChange
from explorer.anatomy.surgery import CHANGES, Change, NothingToReplace, Replacement, operate, predict_shifted, run_once
from explorer.operations.shifting import total_variation
from explorer.snippet import snippet
from explorer.text import count_text, shape_text
from explorer.zoo import VisionModel


@dataclass(frozen=True, eq=False)
class SurgeryEffect:
    """A network before and after a change of its pooling layers.

    Attributes:
        replaced: which layers.
        kept: names of pooling layers that are as they were.
        shapes: name, shape before and after of every layer whose shape changed, and of every replaced one.
        macs: multiply-adds before and after.
        parameters: of the network.
        heads: what the last pooling layer reads, before and after.
        change: of the prediction.
    """

    replaced: tuple[Replacement, ...]
    kept: tuple[str, ...]
    shapes: tuple[tuple[str, tuple[int, ...], tuple[int, ...] | None], ...]
    macs: tuple[int, int]
    parameters: int
    heads: tuple[Head | None, Head | None]
    change: PredictionChange

    def table(self) -> list[dict[str, str]]:
        """The replaced layers, by the titles of a table's columns."""
        words = {item.name: (item.before, item.after) for item in self.replaced}
        return [
            {
                "layer": f"`{name}`",
                "before": words[name][0],
                "after": words[name][1],
                "maps before": shape_text(old),
                "maps after": shape_text(new) if new else "none",
            }
            for name, old, new in self.shapes
            if name in words
        ]

    def describe_others(self) -> str:
        """What became of the layers that were not replaced."""
        others = len(self.shapes) - len(self.replaced)
        moved = count_text(others, "other layer") if others else "No other layer"
        with_them = " with them" if others else ""
        kept = f" Pooling that stays: {', '.join(self.kept)}." if self.kept else ""
        return f"{moved} changed shape{with_them}.{kept}"


def compare_surgery(model: VisionModel, change: Change, x: Tensor) -> SurgeryEffect:
    """A network and its changed copy on one picture; the arguments are those of `operate`.

    Raises:
        NothingToReplace: there is no layer for this change.
        SizeRefused: one of the networks cannot run at this size.
    """
    surgery = operate(model, change, x)
    old, new = run_once(model, x), run_once(surgery.model, x)
    after = {facts.name: facts.shape for facts in new.facts}
    touched = {replacement.name for replacement in surgery.replaced}
    shapes = tuple(
        (facts.name, facts.shape, after.get(facts.name))
        for facts in old.facts
        if facts.name in touched or after.get(facts.name) != facts.shape
    )
    return SurgeryEffect(
        surgery.replaced,
        surgery.kept,
        shapes,
        (old.macs, new.macs),
        model.parameters,
        (describe_head(model, x), describe_head(surgery.model, x)),
        PredictionChange.of_best(old.probabilities.cpu().numpy(), new.probabilities.cpu().numpy()),
    )


def possible_changes(model: VisionModel, x: Tensor) -> tuple[Change, ...]:
    """The changes that a network has layers for, for inputs of x's shape (1, 3, H, W)."""
    found: list[Change] = []
    for change in CHANGES:
        try:
            operate(model, change, x)
        except NothingToReplace:
            continue
        found.append(change)
    return tuple(found)


@dataclass(frozen=True)
class PredictionDrift:
    """How predictions move with a photo, for a network ("as it is") and its changed copies (by change).

    Attributes:
        top: the class most probable at first; "" where no network runs.
        distances: total variation distance of every network from its own prediction without a shift.
        shares: probability of that class.
    """

    top: str
    distances: dict[str, list[float]]
    shares: dict[str, list[float]]

    def columns(self) -> dict[str, list[float]]:
        """Every curve under a name of its own."""
        moved = {f"moved probability, {name}": values for name, values in self.distances.items()}
        return moved | {f"first class, {name}": values for name, values in self.shares.items()}


def compare_shifted(model: VisionModel, x: Tensor, rows: int, columns: int) -> PredictionDrift:
    """The predictions of a network and every possible changed copy while the picture moves.

    Args:
        model: from the zoo.
        x: (1, 3, H, W).
        rows, columns: of one step, 0 or 1 each.
    """
    networks = {"as it is": model}
    networks |= {change: operate(model, change, x).model for change in possible_changes(model, x)}
    distances, shares, top = {}, {}, None
    for name, network in networks.items():
        try:
            probabilities = predict_shifted(network, x, rows, columns)
        except RuntimeError:  # it cannot run at this size; `compare_surgery` says why
            continue
        top = int(probabilities[0].argmax()) if top is None else top
        distances[name] = total_variation(probabilities, probabilities[:1]).tolist()
        shares[name] = probabilities[:, top].tolist()
    return PredictionDrift("" if top is None else model.classes[top], distances, shares)


def surgery_snippet(opening: Sequence[str], change: Change) -> str:
    """Python that gives the prediction after the change; `opening` gives `model`, `preprocessing` and `image`."""
    return snippet(
        "from explorer.anatomy.surgery import operate, run_once",
        *opening,
        "x = preprocessing.tensor(image)",
        f"surgery = operate(model, {change!r}, x)  # a copy; the weights are shared",
        "outcome = run_once(surgery.model, x)",
        "for replaced in surgery.replaced:",
        "    print(replaced)",
        "print(outcome.macs, model.classes[outcome.probabilities.argmax()], outcome.probabilities.max().item())",
    )
