"""Python that gives what the Saliency page shows.

`opening` are lines that give `model`, `preprocessing` and `image`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from explorer.anatomy import Edit
from explorer.saliency.covering import Fill
from explorer.saliency.faithfulness import Baseline
from explorer.saliency.gates import SHUT
from explorer.snippet import snippet


class Asking(Protocol):
    """What a heatmap is made of."""

    @property
    def method(self) -> str:
        """A key of `METHODS`."""

    @property
    def layer(self) -> str:
        """Its name; "" for methods without."""

    @property
    def target(self) -> int:
        """Index of the class."""

    @property
    def contrast(self) -> int | None:
        """Index of the class whose score is subtracted."""

    @property
    def fast(self) -> bool:
        """Whether an approximation will do."""


def gates_snippet(opening: Sequence[str], block: str) -> str:
    """Python that gives the gates of every block, and the maps that one of them multiplies."""
    return snippet(
        *opening,
        "from explorer.saliency import channel_gates, gated_maps",
        "x = preprocessing.tensor(image)",
        "gates = {each.block: each.values for each in channel_gates(model, x)}",
        f"before = gated_maps(model, x, {block!r})  # (C, H, W)",
        f"after = before * gates[{block!r}][:, None, None]",
        "for name, values in gates.items():",
        f"    print(name, values.mean().item(), values.argmax().item(), (values < {SHUT}).sum().item())",
    )


def windows_snippet(opening: Sequence[str], number: int) -> str:
    """Python that gives the maps of one block."""
    return snippet(
        *opening,
        "from explorer.saliency import window_attention",
        f"block = window_attention(model, preprocessing.tensor(image))[{number}]",
        "heads = block.maps  # (heads, rows, columns)",
        "mean = heads.mean(0)",
        "print(block.block, tuple(heads.shape), mean.max().item(), block.entropy.tolist())",
    )


def tokens_snippet(opening: Sequence[str], number: int, token: int, target: int | None) -> str:
    """Python that gives rollout, for one class perhaps, and the heads of one block."""
    rolled = (
        f"rollout(blocks[:{number + 1}], token)"
        if target is None
        else f"class_relevance(model, x, {target}, blocks={number + 1}, token=token)"
    )
    name = rolled.partition("(")[0]
    return snippet(
        *opening,
        f"from explorer.saliency import {name}, self_attention",
        "x = preprocessing.tensor(image)",
        "blocks = self_attention(model, x)",
        f"token = {token}  # 0 is the class token, the patches follow row by row",
        f"rolled = {rolled}  # (rows, columns)",
        f"block = blocks[{number}]",
        "mean = block.map_of(None, token)",
        "heads = [block.map_of(head, token) for head in range(len(block.weights))]",
        "print(block.block, rolled.max().item(), mean.max().item(), block.entropy(token).tolist())",
    )


def cover_snippet(opening: Sequence[str], text: str, fill: Fill) -> str:
    """Python that covers the same part and gives the probabilities on the page."""
    return snippet(
        *opening,
        "from explorer.anatomy import record",
        "from explorer.saliency import Cover, cover",
        "x = preprocessing.tensor(image)",
        f"mask = Cover.from_text({text!r}).mask(tuple(x.shape[2:]))",
        f"covered = cover(model, x, mask, {fill!r})",
        "before = record(model, x, layers=[]).probabilities",
        "after = record(model, covered, layers=[]).probabilities",
        'print(f"{mask.mean():.1%} covered")',
        "for index in before.topk(min(5, len(before))).indices.tolist():",
        "    print(model.classes[index], before[index].item(), after[index].item())",
    )


def live_snippet(opening: Sequence[str], layer: str, target: int | None) -> str:
    """Python that gives what a network makes of a frame, in one pass forward and one back."""
    return snippet(
        *opening,
        "from explorer.saliency.live import see_frame",
        f"seen = see_frame(model, preprocessing.tensor(image), {layer!r}, {target!r})",
        "for index in seen.probabilities.argsort()[::-1][:6].tolist():",
        "    print(model.classes[index], seen.probabilities[index].item())",
        "print(seen.heatmap.shape, seen.heatmap.max().item(), seen.maps.shape)",
    )


def maps_snippet(opening: Sequence[str], asked: Sequence[Asking]) -> str:
    """Python that gives the heatmaps on the page."""
    return snippet(
        *opening,
        "from explorer.saliency import explain",
        "x = preprocessing.tensor(image)",
        *_explain_lines(asked),
        "for each in heatmaps:",
        "    print(each.method, each.layer, model.classes[each.target], each.values.max(), each.diagnosis)",
    )


def _explain_lines(asked: Sequence[Asking]) -> list[str]:
    """Python that makes a list `heatmaps`, given `model` and `x`."""
    lines = ["heatmaps = ["]
    for each in asked:
        arguments = [f"model, x, {each.method!r}, {each.target}"]
        arguments += [f"layer={each.layer!r}"] if each.layer else []
        arguments += [f"contrast={each.contrast}"] if each.contrast is not None else []
        arguments += ["fast=True"] if each.fast else []
        lines.append(f"    explain({', '.join(arguments)}),")
    return [*lines, "]"]


def edit_snippet(opening: Sequence[str], edit: Edit, shown: str, target: int, contrast: int | None) -> str:
    """Python that makes the same change and gives the probabilities and maps on the page."""
    channels = "" if edit.channels is None else f", channels={edit.channels!r}"
    against = "" if contrast is None else f", contrast={contrast}"
    return snippet(
        *opening,
        "from explorer.anatomy import Edit, record",
        "from explorer.saliency import estimate_losses",
        "x = preprocessing.tensor(image)",
        f"estimates = estimate_losses(model, x, {edit.layer!r}, target={target}{against})  # (C,)",
        'print("the class rests on channels", estimates.argsort()[::-1][:5].tolist())',
        f"edit = Edit({edit.layer!r}, scale={edit.scale!r}{channels})",
        f"recordings = [record(model, x, layers=[{shown!r}], edits=edits) for edits in ([], [edit])]",
        "before, after = (recording.logits.softmax(0) for recording in recordings)",
        f"maps_before, maps_after = (recording[{shown!r}].maps for recording in recordings)  # (C, H, W)",
        "for index in before.topk(min(5, len(before))).indices.tolist():",
        "    print(model.classes[index], before[index].item(), after[index].item())",
    )


def randomization_snippet(opening: Sequence[str], asked: Asking, counts: Sequence[int]) -> str:
    """Python that gives the heatmaps on the page."""
    arguments = f"{asked.method!r}, {asked.target}" + (f", {asked.layer!r}" if asked.layer else "")
    arguments += f", contrast={asked.contrast}" if asked.contrast is not None else ""
    return snippet(
        *opening,
        "from explorer.saliency import agreement, explain, explain_randomized",
        "x = preprocessing.tensor(image)",
        f"heatmaps = [explain(model, x, {arguments})]",
        f"for layers in {list(counts)[1:]}:",
        f"    heatmaps.append(explain_randomized(model, x, {arguments}, layers=layers))",
        "    print(layers, agreement([heatmaps[0].values, heatmaps[-1].values])[0, 1])",
    )


def patches_snippet(opening: Sequence[str], size: int, layer: str, unit: int, count: int, places: int) -> str:
    """Python that finds the patches which activate a unit most.

    Args:
        opening: gives `model`, `preprocessing` and `pictures`, title and bytes of each.
        size: of the network's input.
        layer, unit: of the network.
        count: how many patches at most.
        places: of one picture at most.
    """
    return snippet(
        *opening,
        "from explorer.anatomy import record, strongest_places",
        "from explorer.images import open_image",
        "found = []",
        "for title, data in pictures:",
        "    x = preprocessing.tensor(open_image(data))",
        f"    layer = record(model, x, layers=[{layer!r}])[{layer!r}]",
        f"    maps = layer.maps[[{unit}]].float()",
        f"    values, cells = strongest_places(maps, layer.receptive_field, ({size}, {size}), {places})",
        "    for value, cell in zip(values[0].tolist(), cells[0].tolist()):",
        "        if value > 0:  # NaN where there is no other place",
        f"            found.append((value, title, layer.receptive_field.box(*cell, {size}, {size})))",
        f"found = sorted(found, key=lambda patch: -patch[0])[:{count}]",
        "for value, title, box in found:",
        "    print(value, title, box)",
    )


def faithfulness_snippet(opening: Sequence[str], asked: Sequence[Asking], baseline: Baseline) -> str:
    """Python that tests the heatmaps on the page."""
    return snippet(
        *opening,
        "from explorer.saliency import deletion_insertion, explain, masked_confidence",
        "x = preprocessing.tensor(image)",
        *_explain_lines(asked),
        "for heatmap in heatmaps:",
        f"    curves = deletion_insertion(model, x, heatmap.values, heatmap.target, baseline={baseline!r})",
        "    kept = masked_confidence(model, x, heatmap.values, heatmap.target)",
        "    print(heatmap.method, curves.deletion_area, curves.insertion_area, kept.drop, kept.increased)",
    )
