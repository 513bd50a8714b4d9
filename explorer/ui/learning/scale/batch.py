"""A batch of the person's own pictures behind the first convolution of the chosen network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from explorer.neurons.activations import Numbers
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose_one
from explorer.ui.session.opening import pictures_lines
from explorer.ui.session.pictures import Picture, get_picture, list_pictures
from explorer.ui.session.subject import Subject

if TYPE_CHECKING:
    from torch import Tensor

    from explorer.learning.scale.first_convolution import FirstConvolution

MOST_PICTURES = 6
LEAST_PICTURES = 4  # with samples where the person has uploaded fewer
CROPS = 48  # of all pictures, for running averages
_CROPS_OF = 2  # how many times a window's side the picture has from which it is cut
_SEED = 0
_OTHERS = "norm_with"  # of the address: labels of the uploads beside the chosen picture


def list_batch(subject: Subject) -> list[Picture]:
    """The chosen picture, then the uploads, which the address has, and samples until there are `LEAST_PICTURES`."""
    others = [get_picture(label) for label in list_pictures() if label != subject.picture.label]
    uploads = [picture for picture in others if not picture.sample]
    samples = [picture for picture in others if picture.sample]
    batch = [subject.picture, *uploads][:MOST_PICTURES]
    named = [picture.label for picture in batch[1:]]
    if not named:
        st.query_params.pop(_OTHERS, None)
    elif named != st.query_params.get_all(_OTHERS):
        st.query_params[_OTHERS] = named
    return [*batch, *samples[: max(0, LEAST_PICTURES - len(batch))]]


def first_convolution_of(subject: Subject) -> FirstConvolution:
    """Of the network, once for every session."""
    from explorer.learning.scale.first_convolution import find_first_convolution

    key = ("first convolution", subject.network, subject.device, subject.weights)
    return once(key, lambda: find_first_convolution(subject.model.network))


def inputs_of(subject: Subject, pictures: Sequence[Picture], times: int = 1) -> Tensor:
    """(N, 3, S, S) the pictures as small as the maps want them, or so many times as large."""
    side = times * first_convolution_of(subject).side
    preprocessing = subject.model.preprocessing.with_size(side)
    keys = tuple(picture.key for picture in pictures)
    key = ("small pictures", keys, preprocessing)
    return once(key, lambda: preprocessing.tensors([picture.intake.image for picture in pictures]))


def photos_of(subject: Subject, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
    """(N, S, S, 3) the pixels of those inputs."""
    unnormalise = subject.model.preprocessing.unnormalise
    return np.stack([unnormalise(each[None]) for each in inputs_of(subject, pictures)])


def maps_of(subject: Subject, pictures: Sequence[Picture]) -> Numbers:
    """(N, C, H, W) float64; nobody writes into them."""
    key = ("maps of a batch", subject.network, subject.device, subject.weights, subject.fit, subject.size)
    inputs = inputs_of(subject, pictures)
    return once(
        (*key, tuple(picture.key for picture in pictures)), lambda: first_convolution_of(subject).compute_maps(inputs)
    )


def dim_inputs(subject: Subject, pictures: Sequence[Picture], light: float) -> Tensor:
    """The same inputs with every pixel at this share of its light."""
    from explorer.learning.scale.first_convolution import dim

    preprocessing = subject.model.preprocessing
    return dim(inputs_of(subject, pictures), light, preprocessing.mean, preprocessing.std)


def crops_of(subject: Subject, pictures: Sequence[Picture]) -> Numbers:
    """(CROPS, C, H, W) maps of windows of the pictures, by chance."""
    from explorer.learning.scale.first_convolution import cut_crops

    first = first_convolution_of(subject)
    large = inputs_of(subject, pictures, _CROPS_OF)
    key = ("maps of crops", subject.network, subject.device, subject.weights, subject.fit, subject.size)
    return once(
        (*key, tuple(picture.key for picture in pictures)),
        lambda: first.compute_maps(cut_crops(large, first.side, CROPS, _SEED)),
    )


def picture_lines(subject: Subject, pictures: Sequence[Picture]) -> list[str]:
    """The first lines of snippets: `maps`, (N, C, H, W) float64, of the `inputs`."""
    return _lines(subject, pictures, first_convolution_of(subject).side)


def crop_lines(subject: Subject, pictures: Sequence[Picture]) -> list[str]:
    """The same with the `maps` of windows of the pictures."""
    side = first_convolution_of(subject).side
    return _lines(
        subject,
        pictures,
        _CROPS_OF * side,
        "from explorer.learning.scale.first_convolution import cut_crops",
        f"inputs = cut_crops(inputs, {side}, {CROPS}, {_SEED})",
    )


def _lines(subject: Subject, pictures: Sequence[Picture], side: int, *cutting: str) -> list[str]:
    first = first_convolution_of(subject)
    return [
        *pictures_lines(subject, pictures),
        "from explorer.images import open_image",
        "from torch.nn import functional as F",
        f"preprocessing = preprocessing.with_size({side})",
        "inputs = preprocessing.tensors([open_image(data) for _, data in pictures]).double()",
        *cutting,
        f"layer = model.network.get_submodule({first.name!r}).cpu()",
        f"filters = {list(first.filters)}",
        "weight, bias = layer.weight.double()[filters], None if layer.bias is None else layer.bias.double()[filters]",
        "maps = F.conv2d(inputs, weight, bias, layer.stride, layer.padding, layer.dilation)",
    ]


def choose_filter(subject: Subject) -> int:
    """Which of the filters that are looked at, from 0."""
    filters = first_convolution_of(subject).filters
    return filters.index(choose_one("Filter", filters, "norm_filter", width=120))


def statistics_of(subject: Subject, pictures: Sequence[Picture]) -> tuple[Numbers, Numbers]:
    """(C,) running mean and variance of evaluation: the network's own, or those of the pictures' windows."""
    first = first_convolution_of(subject)
    if first.running_mean is not None and first.running_variance is not None:
        return first.running_mean, first.running_variance
    crops = crops_of(subject, pictures)
    return crops.mean((0, 2, 3)), crops.var((0, 2, 3), ddof=1)
