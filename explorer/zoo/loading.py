"""`load_model`: a name, and perhaps a file of weights, in; a `VisionModel` out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from explorer.device import resolve_device
from explorer.text import NameUnknown
from explorer.zoo import architectures
from explorer.zoo.catalogue import (
    ARCHITECTURES,
    MODELS,
    PACKAGED,
    list_models,
    list_own,
    list_shipped,
    list_transformers,
    read_card,
)
from explorer.zoo.download import Progress, cached_path, ensure_downloaded
from explorer.zoo.packaged import read_packaged
from explorer.zoo.preprocessing import Preprocessing
from explorer.zoo.served import describe_network, offer
from explorer.zoo.truncation import truncated_builder
from explorer.zoo.vision_model import VisionModel, publish
from explorer.zoo.weights import (
    WeightsRejected,
    WeightsWrapped,
    find_wrapper,
    fit_weights,
    fits,
    read_classes,
    read_known,
    read_weights,
)


class ModelUnknown(NameUnknown):
    """There is no network of that name."""


def load_model(
    name: str, device: str = "auto", weights: bytes | None = None, progress: Progress | None = None
) -> VisionModel:
    """Open a network.

    Args:
        name: one of `list_models()` or `list_transformers()`.
        device: "auto" (CUDA, then MPS, then the CPU) or a name from `explorer.device.list_devices`.
        weights: a safetensors file's bytes to use instead of the network's own weights. The number of
            classes is read from it; class names too, where its metadata has them as a JSON list of texts
            under "classes". Where it has "cut", the network ends after the module of that name, as in
            `explorer.zoo.truncation`.
        progress: called with (bytes so far, bytes in all) while official weights are downloaded.

    Raises:
        ModelUnknown: no such network.
        WeightsUnavailable: official weights that are not cached, or damaged there, and no network connection.
        WeightsRejected, WeightsMismatch: the file is a pickle, damaged, or of another architecture; a shipped file is
            not the one that its card names.
        WeightsWrapped: it would fit without what a wrapper has put in front of its names.
        DeviceUnavailable: no such device.
    """
    _check_name(name)
    where = resolve_device(device)
    own = name in list_own()
    if weights is not None:
        return _with_own_weights(name, where, weights)
    if own:
        card = read_card(name)
        state = read_packaged(name) if name in PACKAGED else _read_shipped(name, card["sha256"])
        network, _ = fit_weights(name, _builder(name), len(card["classes"]), state)
    else:
        official = models.get_model_weights(name).DEFAULT
        ensure_downloaded(name, official.url, progress)
        try:
            network = models.get_model(name, weights=official, progress=False)
        except RuntimeError as error:
            raise WeightsRejected(
                f"The file of {name}'s weights in torchvision's cache holds those of another network: remove "
                f"{cached_path(official.url).name} there, and it is downloaded again."
            ) from error
        card = _official_card(name)
    return _offer(_describe(name, publish(network, where), card))


def random_model(name: str, num_classes: int | None = None, seed: int = 0, device: str = "cpu") -> VisionModel:
    """A network of the zoo with freshly drawn weights: for tests, controls and training from scratch.

    Args:
        name: one of `list_models()` or `list_transformers()`.
        num_classes: length of the logits; as many as the network's own weights have if None.
        seed: the weights are the same for the same seed; the global random state is left alone.
        device: as for `load_model`.

    Raises:
        ModelUnknown: no such network.
        DeviceUnavailable: no such device.
    """
    _check_name(name)
    card = read_card(name) if name in list_own() else _official_card(name)
    count = num_classes or len(card["classes"])
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would set the GPUs' too
        network = _builder(name)(count)
    model = _describe(name, publish(network, resolve_device(device)), card)
    classes = model.classes if count == len(model.classes) else _numbered(count)
    card = {**card, "random_seed": seed}
    return _offer(replace(model, title=f"{model.title}, random weights", classes=classes, card=card), seed)


def _offer(model: VisionModel, seed: int | None = None) -> VisionModel:
    """The same; what a name and a seed say is also to be had where they are known."""
    offer(model.network, describe_network(model.name, model.card, len(model.classes), seed))
    return model


def _read_shipped(name: str, sha256: str) -> dict[str, Tensor]:
    state, _ = read_weights(read_known(MODELS / name / "weights.safetensors", sha256))
    return state


def _check_name(name: str) -> None:
    if name not in [*list_own(), *list_models(), *list_transformers()]:
        raise ModelUnknown(f"There is no network {name!r}; the shipped ones are {', '.join(list_shipped())}.")


def _builder(name: str) -> Callable[[int], nn.Module]:
    """From a number of classes to the bare architecture."""
    for function, shipped in ARCHITECTURES.items():
        if name == shipped:
            build: Callable[[int], nn.Module] = getattr(architectures, function)
            return build
    # Both Inceptions warn about their slow default initialisation and grow heads that only training uses.
    extra: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        extra = {"aux_logits": False, "init_weights": False, "transform_input": True}
    return lambda num_classes: models.get_model(name, weights=None, num_classes=num_classes, **extra)


def training_builder(name: str) -> Callable[[int], nn.Module]:
    """From a number of classes to the architecture as it learns from nothing.

    That is the architecture itself, but for the plain stacks: they need the batch norm that their shipped form has
    folded into its weights (Ioffe & Szegedy 2015).
    """
    build: Callable[..., nn.Module] = _builder(name)
    return partial(build, batch_norm=True) if "batch_norm" in signature(build).parameters else build


def _builder_for(name: str, state: Mapping[str, Tensor], metadata: Mapping[str, str]) -> Callable[[int], nn.Module]:
    """From a number of classes to the architecture that a file's weights are for."""
    build = training_builder(name) if "features.bn1_1.weight" in state else _builder(name)
    return truncated_builder(build, metadata["cut"], state) if "cut" in metadata else build


def _with_own_weights(name: str, device: torch.device, data: bytes) -> VisionModel:
    state, metadata = read_weights(data)
    card = read_card(name) if name in list_own() else _official_card(name)
    usual = len(card["classes"])

    def fit(unwrapped: Mapping[str, Tensor]) -> bool:
        try:
            return fits(_builder_for(name, unwrapped, metadata), usual, unwrapped)
        except WeightsRejected:
            return False

    try:
        network, count = fit_weights(name, _builder_for(name, state, metadata), usual, state)
    except WeightsRejected as rejected:
        prefix = find_wrapper(state, fit)
        if not prefix:
            raise
        raise WeightsWrapped(name, prefix, state) from rejected
    if "classes" in metadata:
        names = read_classes(metadata["classes"], count)
    else:
        names = tuple(card["classes"]) if count == usual and name not in list_own() else _numbered(count)
    model = _describe(name, publish(network, device), card)
    return replace(model, title=f"{name}, own weights", classes=names, card={"name": name, "note": "own weights"})


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"class {index}" for index in range(count))


def _official_card(name: str) -> dict[str, Any]:
    """What torchvision says of its weights, in the form of our own cards."""
    official = models.get_model_weights(name).DEFAULT
    transforms = official.transforms()
    metrics = official.meta.get("_metrics", {}).get("ImageNet-1K", {})
    return {
        "name": name,
        "title": f"{name}, ImageNet, torchvision {official.name}",
        "architecture": name,
        "parameters": official.meta["num_params"],
        "input_size": transforms.crop_size[0],
        "resize": transforms.resize_size[0],
        "interpolation": transforms.interpolation.value,
        "mean": list(transforms.mean),
        "std": list(transforms.std),
        "classes": official.meta["categories"],
        "data": {"name": "ImageNet-1K", "licence": "torchvision's weights: BSD-3-Clause; see their recipe"},
        "accuracy": {
            "value": metrics.get("acc@1", 0) / 100 or None,
            "split": "ImageNet validation, as torchvision states it",
        },
        "recipe": official.meta.get("recipe"),
    }


def describe_preprocessing(card: Mapping[str, Any]) -> Preprocessing:
    """What a picture goes through before the network of a card."""
    return Preprocessing(
        size=card["input_size"],
        resize=card.get("resize", card["input_size"]),
        mean=tuple(card["mean"]),
        std=tuple(card["std"]),
        interpolation=card.get("interpolation", "bilinear"),
    )


def _describe(name: str, network: nn.Module, card: dict[str, Any]) -> VisionModel:
    return VisionModel(name, card["title"], network, describe_preprocessing(card), tuple(card["classes"]), card)
