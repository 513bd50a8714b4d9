"""What the Pooling page shows, computed once for every setting and kept as plain arrays and numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.anatomy.heads import Acceptance, Head, describe_head, try_sizes
from explorer.anatomy.surgery import (
    CHANGES,
    Change,
    NothingToReplace,
    Replacement,
    SizeRefused,
    operate,
    pooling_layers,
    predict_shifted,
    run_once,
)
from explorer.operations import LayerBreakdown, break_down_module
from explorer.operations.photo import to_tensor
from explorer.operations.pooling import POOLINGS, Pooling, PoolingKind, build_pooling, pool, pooling_input, psnr, unpool
from explorer.operations.shifting import MOST, pooled_drift, total_variation
from explorer.rendering import colour_map, find_ranges
from explorer.ui.session.pictures import Picture
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.shared.recorded import compute_maps

PHOTO_SIDE = 128  # pixels of the longer side: small enough to see cells, large enough to know the photo
SIDES = tuple(range(32, 257, 32))
_TOP = 5  # classes before and after, so five to ten are compared


@dataclass(frozen=True)
class Source:
    """What is pooled: the photo, or one map of a layer. Hashable: the key of the caches.

    Attributes:
        picture: the photo.
        subject: whose layer it is; None for the photo.
        layer: its name; "" for the photo.
        unit: the map.
    """

    picture: Picture
    subject: Subject | None = None
    layer: str = ""
    unit: int = 0

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.layer}, map {self.unit}" if self.layer else self.picture.title


@dataclass(frozen=True)
class PooledPicture:
    """What one kind of pooling made of the source.

    Attributes:
        output: (C, h, w), PyTorch's.
        pooled, restored, spread: the output, and it un-pooled in both ways, in colours, (H, W, 3).
        psnr, psnr_spread: in dB, of both ways; the same where there is only one.
    """

    output: NDArray[np.float32]
    pooled: NDArray[np.uint8]
    restored: NDArray[np.uint8]
    spread: NDArray[np.uint8]
    psnr: float
    psnr_spread: float


@dataclass(frozen=True)
class PoolingView:
    """All kinds side by side.

    Attributes:
        values: (C, H, W) that was pooled.
        input: the same in colours, (H, W, 3).
        kinds: by name.
        cells: (C, h, w, 2) rows and columns that max pooling took its values from.
        signed: whether the sign of the values carries meaning.
    """

    values: NDArray[np.float32]
    input: NDArray[np.uint8]
    kinds: dict[PoolingKind, PooledPicture]
    cells: NDArray[np.int64]
    signed: bool


@st.cache_data(max_entries=24, show_spinner=False)
def compute_source(source: Source) -> NDArray[np.float32]:
    """(3, H, W) in [0, 1] of a photo, (1, H, W) of a map."""
    if source.subject is None:
        photo: NDArray[np.float32] = to_tensor(source.picture.intake.image, PHOTO_SIDE).numpy()
        return photo
    return compute_maps(source.subject, source.layer)[source.unit][None].copy()


def source_tensor(source: Source) -> Tensor:
    """What is pooled, for PyTorch."""
    return torch.from_numpy(compute_source(source))


@st.cache_data(max_entries=16, show_spinner=False)
def compute_view(source: Source, window: int, stride: int, padding: int) -> PoolingView:
    """Every kind of pooling on the source, for settings that are possible."""
    x = source_tensor(source)
    values = x.numpy()
    signed = bool(values.min() < 0)
    low, high = (0.0, 1.0) if len(values) == 3 else find_ranges(values, signed=signed)[0].tolist()
    kinds: dict[PoolingKind, PooledPicture] = {}
    cells = np.zeros((1, 1, 1, 2), np.int64)
    for kind in POOLINGS:
        pooled = pool(x, Pooling(kind, window, stride, padding))
        restored, spread = unpool(pooled), unpool(pooled, filled=True)
        # A photo has values from 0 to 1, whichever it uses; a map has no bounds but its own.
        span = 1.0 if len(values) == 3 else None
        if kind == "max" and pooled.sources is not None:
            cells = pooled.sources.numpy()
        output = pooled.output.numpy()
        kinds[kind] = PooledPicture(
            output=output,
            # The root of the sum of squares grows with the window; by its side it is of the source's size again.
            pooled=_colours((output / window).astype(np.float32) if kind == "l2" else output, low, high, signed),
            restored=_colours(restored.numpy(), low, high, signed),
            spread=_colours(spread.numpy(), low, high, signed),
            psnr=psnr(x, restored, span),
            psnr_spread=psnr(x, spread, span),
        )
    return PoolingView(values, _colours(values, low, high, signed), kinds, cells, signed)


def _colours(values: NDArray[np.float32], low: float, high: float, signed: bool) -> NDArray[np.uint8]:
    """(H, W, 3) of a photo or a map."""
    if len(values) == 3:
        return np.ascontiguousarray((values.transpose(1, 2, 0) * 255).round().clip(0, 255).astype(np.uint8))
    return colour_map(values[0], low, high, signed=signed)


@st.cache_resource(max_entries=8, show_spinner=False)
def compute_pooling_breakdown(source: Source, pooling: Pooling) -> LayerBreakdown:
    """One kind taken apart."""
    x = source_tensor(source)
    module = build_pooling(pooling, x.shape[0], (x.shape[1], x.shape[2]))
    return break_down_module(module, pooling_input(x, pooling))


@dataclass(frozen=True)
class Effect:
    """A network before and after a change of its pooling layers.

    Attributes:
        refusal: why the change or the changed network is impossible; "" otherwise, and then the rest is there.
        replaced: which layers.
        kept: names of pooling layers that are as they were.
        shapes: name, shape before and after of every layer whose shape changed, and of every replaced one.
        macs: multiply-adds before and after.
        parameters: of the network.
        heads: what the last pooling layer reads, before and after.
        names: of the classes most probable before or after.
        before, after: their probabilities.
    """

    refusal: str = ""
    replaced: tuple[Replacement, ...] = ()
    kept: tuple[str, ...] = ()
    shapes: tuple[tuple[str, tuple[int, ...], tuple[int, ...] | None], ...] = ()
    macs: tuple[int, int] = (0, 0)
    parameters: int = 0
    heads: tuple[Head | None, Head | None] = (None, None)
    names: tuple[str, ...] = ()
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()


@st.cache_data(max_entries=32, show_spinner="Running both networks …")
def compute_effect(subject: Subject, change: Change) -> Effect:
    """What a change of the pooling layers does to shapes, work and prediction."""
    model, x = subject.model, subject.input
    try:
        surgery = operate(model, change, x)
        old, new = run_once(model, x), run_once(surgery.model, x)
    except (NothingToReplace, SizeRefused) as problem:
        return Effect(refusal=str(problem))
    after = {facts.name: facts.shape for facts in new.facts}
    touched = {replacement.name for replacement in surgery.replaced}
    shapes = tuple(
        (facts.name, facts.shape, after.get(facts.name))
        for facts in old.facts
        if facts.name in touched or after.get(facts.name) != facts.shape
    )
    top = [*old.probabilities.topk(_TOP).indices.tolist(), *new.probabilities.topk(_TOP).indices.tolist()]
    shown = list(dict.fromkeys(top))
    return Effect(
        replaced=surgery.replaced,
        kept=surgery.kept,
        shapes=shapes,
        macs=(old.macs, new.macs),
        parameters=model.parameters,
        heads=(describe_head(model, x), describe_head(surgery.model, x)),
        names=tuple(model.classes[index] for index in shown),
        before=tuple(old.probabilities[shown].tolist()),
        after=tuple(new.probabilities[shown].tolist()),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def possible_changes(subject: Subject) -> tuple[Change, ...]:
    """The changes that this network has layers for."""
    found: list[Change] = []
    for change in CHANGES:
        try:
            operate(subject.model, change, subject.input)
        except NothingToReplace:
            continue
        found.append(change)
    return tuple(found)


@st.cache_data(max_entries=32, show_spinner=False)
def list_pooling_layers(subject: Subject) -> tuple[str, ...]:
    """Names of all pooling layers."""
    return tuple(facts.name for facts in pooling_layers(subject.model, subject.input))


@st.cache_data(max_entries=16, show_spinner="Trying sizes from 32 to 256 pixels …")
def compute_sizes(network: str, device: str, weights: str) -> tuple[Head | None, tuple[Acceptance, ...]]:
    """The head at the size trained on, and which sizes are accepted; neither depends on the picture."""
    model = open_network(network, device, weights)
    trained = model.preprocessing.size
    head = describe_head(model, torch.zeros(1, 3, trained, trained))
    return head, () if head is None else tuple(try_sizes(model, trained, SIDES))


@st.cache_data(max_entries=16, show_spinner="Moving the photo …")
def compute_prediction_drift(
    subject: Subject, rows: int, columns: int
) -> tuple[str, dict[str, list[float]], dict[str, list[float]]]:
    """How the prediction moves with the photo, for the network and its changed copies.

    Returns:
        The class most probable at first, and for "as it is" and every possible change the total variation distance from
        its own prediction without a shift, and the probability of that class.
    """
    model, x = subject.model, subject.input
    networks = {"as it is": model}
    for change in possible_changes(subject):
        networks[change] = operate(model, change, x).model
    distances, shares, top = {}, {}, None
    for name, network in networks.items():
        try:
            probabilities = predict_shifted(network, x, rows, columns)
        except RuntimeError:  # it cannot run at this size; `compute_effect` says why
            continue
        top = int(probabilities[0].argmax()) if top is None else top
        distances[name] = total_variation(probabilities, probabilities[:1]).tolist()
        shares[name] = probabilities[:, top].tolist()
    return "" if top is None else model.classes[top], distances, shares


@st.cache_data(max_entries=32, show_spinner=False)
def compute_pooled_drift(
    source: Source, window: int, stride: int, padding: int, rows: int, columns: int
) -> dict[PoolingKind, list[float]]:
    """How far pooled maps are from moving with the photo, for every kind."""
    x = source_tensor(source)
    return {kind: pooled_drift(x, Pooling(kind, window, stride, padding), rows, columns, MOST) for kind in POOLINGS}


def photo_of(subject: Subject) -> Source:
    """The subject's photo, whatever the network."""
    return Source(subject.picture)


def map_of(subject: Subject, layer: str, unit: int) -> Source:
    """One map of a layer of the subject's network."""
    return replace(photo_of(subject), subject=subject, layer=layer, unit=unit)
