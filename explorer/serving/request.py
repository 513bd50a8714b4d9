"""A request for a forward pass, read and checked before anything is done for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from explorer.anatomy import Edit, record, summarize_layers
from explorer.zoo import VisionModel, list_models, list_transformers, load_model, random_model
from explorer.zoo.served import MAP_BYTES, PIXELS, describe_network
from explorer.zoo.weights import read_weights

MOST_BYTES = PIXELS * 3 * 4 + 2**20  # of a request
_MOST_CLASSES = 10_000


class RequestRefused(ValueError):
    """A sentence for whoever asks: this will not be done, here or elsewhere."""


@dataclass(frozen=True, eq=False)
class PassRequest:
    """A forward pass that somebody wants.

    Attributes:
        name, seed, classes: of the network; random weights where there is a seed.
        card: digest of its card, as whoever asks has it.
        x: (N, 3, H, W) float32, at most `PIXELS` pixels.
        layers: names of those whose output is wanted.
        edits: changes on the way. With layers or edits N is 1.
    """

    name: str
    seed: int | None
    classes: int
    card: str
    x: Tensor
    layers: tuple[str, ...]
    edits: tuple[Edit, ...]

    @classmethod
    def read(cls, body: bytes) -> PassRequest:
        """From a safetensors file whose metadata holds the rest as JSON; see `explorer.zoo.served.ask`.

        Raises:
            RequestRefused: it is something else, or too much.
        """
        try:
            tensors, metadata = read_weights(body)
            wanted = json.loads(metadata["request"])
            (x,) = tensors.values()
            edits = tuple(Edit(each["layer"], each["scale"], _as_tuple(each["channels"])) for each in wanted["edits"])
            network = {key: wanted[key] for key in ("name", "seed", "classes", "card")}
            asked = cls(**network, x=x, layers=tuple(wanted["layers"]), edits=edits)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RequestRefused(f"This is no request for a forward pass ({error}).") from error
        asked._check()
        return asked

    def _check(self) -> None:
        x = self.x
        if (
            x.dtype != torch.float32
            or x.ndim != 4
            or x.shape[1] != 3
            or not 0 < x.shape[0] * x.shape[2:].numel() <= PIXELS
        ):
            raise RequestRefused(f"Pictures are (N, 3, H, W) float32 of at most {PIXELS} pixels, not {tuple(x.shape)}.")
        if self.name not in [*list_models(), *list_transformers()]:
            raise RequestRefused("There is no network of that name.")
        if not _is_whole(self.classes, 1, _MOST_CLASSES) or not (
            self.seed is None or _is_whole(self.seed, 0, 2**63 - 1)
        ):
            raise RequestRefused(f"A network has 1 to {_MOST_CLASSES} classes, and random weights a seed of 0 or more.")
        if (self.layers or self.edits) and len(x) != 1:
            raise RequestRefused("Maps are those of one picture.")
        names = [*self.layers, *(edit.layer for edit in self.edits)]
        scales = [edit.scale for edit in self.edits]
        if not all(isinstance(name, str) for name in names) or not all(
            isinstance(scale, int | float) and isfinite(scale) for scale in scales
        ):
            raise RequestRefused("Layers are named by texts, and what they are multiplied by is a finite number.")

    @property
    def network(self) -> tuple[str, int | None, int, str]:
        """What tells its network from others."""
        return self.name, self.seed, self.classes, self.card

    def open(self) -> VisionModel:
        """Its network, on a GPU where there is one.

        Raises:
            RequestRefused: this machine has other weights of that name, or none.
        """
        try:
            if self.seed is None:
                model = load_model(self.name)
            else:
                model = random_model(self.name, self.classes, self.seed, device="auto")
        except (RuntimeError, ValueError) as error:  # not to be had, damaged
            raise RequestRefused(str(error)) from error
        own = describe_network(model.name, model.card, len(model.classes), self.seed)
        if (own["classes"], own["card"]) != (self.classes, self.card):
            raise RequestRefused(f"{self.name} has other weights here: all machines need the same version.")
        return model

    def record(self, model: VisionModel) -> dict[str, Tensor]:
        """The answer with maps: "logits" (1, classes), and the outputs by the layers' names.

        Raises:
            RequestRefused: there is no such layer or channel, the maps are too many, or the network cannot run it.
        """
        try:
            facts = {each.name: each for each in summarize_layers(model, self.x)}
            if sum(facts[name].activation_bytes for name in self.layers) > MAP_BYTES:
                raise RequestRefused(f"These maps have more than {MAP_BYTES} bytes.")
            recording = record(model, self.x, self.layers, self.edits)
        except (KeyError, ValueError, RuntimeError, TypeError, IndexError) as error:
            raise RequestRefused(str(error)) from error
        maps = {name: recording[name].output for name in self.layers}
        answer = {**maps, "logits": recording.logits[None]}
        # Copies: some are views of others, which no safetensors file holds.
        return {name: each.cpu().clone(memory_format=torch.contiguous_format) for name, each in answer.items()}


def _as_tuple(channels: list[int] | None) -> tuple[int, ...] | None:
    return None if channels is None else tuple(channels)


def _is_whole(number: Any, least: int, most: int) -> bool:
    return isinstance(number, int) and least <= number <= most
