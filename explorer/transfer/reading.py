"""How places of pictures become logits: through the whole network, or from features of frozen layers made once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.augmentation import Pipeline
from explorer.transfer.data.pictures import PictureSet
from explorer.transfer.inputs import Tell, draw_pixels, features_once, normalise, pixels_once
from explorer.transfer.strategies import Adapted, feature_body, tail
from explorer.transfer.trial import Trial
from explorer.zoo import Preprocessing

AT_ONCE = 64  # pictures of a forward pass that learns nothing
TELL_EVERY = 0.4  # seconds between two reports

Places = NDArray[np.int64]
Note = Callable[[str], None]


@dataclass(frozen=True)
class Reading:
    """What a training asks of its pictures.

    Attributes:
        learn: (places, epoch) -> logits (B, K), of the pictures as the pipeline draws them in that epoch.
        judge: places -> logits (B, K), of the pictures as they are.
        cached: whether frozen layers were computed once.
        seconds: that this took, whenever it was; 0 where nothing was.
    """

    learn: Callable[[Places, int], Tensor]
    judge: Callable[[Places], Tensor]
    cached: bool
    seconds: float = 0.0


def open_reading(
    pictures: PictureSet,
    preprocessing: Preprocessing,
    adapted: Adapted,
    trial: Trial,
    device: torch.device,
    cache: bool,
    note: Note,
) -> Reading:
    """The shortest way from places to logits that a strategy allows.

    Args:
        pictures: all of them; places are places among them.
        preprocessing: of the network.
        adapted: what is trained.
        trial: says what is frozen, and whether a pipeline changes the pictures.
        device: where the network is.
        cache: make features of frozen layers once, where that is the same.
        note: told what takes long, in a sentence.
    """
    pixels = pixels_once(pictures, preprocessing, _teller(note, "Preparing the pictures"))
    pipeline = Pipeline.from_json(trial.recipe.pipeline) if trial.recipe.pipeline else None

    def look(places: Places) -> Tensor:
        return normalise(pixels[torch.from_numpy(places)], preprocessing, device)

    def draw(places: Places, epoch: int) -> Tensor:
        if pipeline is None:
            return look(places)
        seed = (trial.seed, epoch, int(places[0]))
        return normalise(
            draw_pixels(pixels[torch.from_numpy(places)], pipeline, preprocessing, seed), preprocessing, device
        )

    if trial.strategy not in ("head", "truncated"):
        return Reading(
            lambda places, epoch: adapted.network(draw(places, epoch)), lambda p: adapted.network(look(p)), False
        )
    body, head = feature_body(adapted), tail(adapted)

    def watch(x: Tensor) -> Tensor:
        # Features that stand for all epochs are made in float32, whatever the training computes in; made anew in each
        # epoch, they are the same ones. Draws differ by more than bfloat16 rounds off.
        whole = torch.autocast(device.type, enabled=False) if pipeline is None else nullcontext()
        with torch.no_grad(), whole:
            return body(x)

    if pipeline is not None or not cache:
        return Reading(lambda places, epoch: head(watch(draw(places, epoch))), lambda p: head(watch(look(p))), False)

    def make() -> Tensor:
        tell, seen = _teller(note, "Computing the frozen layers once"), []
        for first in range(0, len(pixels), AT_ONCE):
            seen.append(watch(normalise(pixels[first : first + AT_ONCE], preprocessing, device)).float())
            tell(min(first + AT_ONCE, len(pixels)), len(pixels))
        return torch.cat(seen)

    features, seconds = features_once((pictures.key, trial.network, adapted.cut, preprocessing, device), make)

    def gather(places: Places) -> Tensor:
        return head(features[torch.from_numpy(places).to(device)])

    return Reading(lambda places, epoch: gather(places), gather, True, seconds)


def _teller(note: Note, what: str) -> Tell:
    last = time.perf_counter()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if time.perf_counter() - last > TELL_EVERY:
            last = time.perf_counter()
            note(f"{what}: {done:,} of {of:,}.")

    return tell
