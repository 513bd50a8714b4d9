"""Weights that come with a Python package: found without running its code, read only if they are the file we know."""

from __future__ import annotations

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from explorer.zoo.catalogue import PACKAGED, say_missing
from explorer.zoo.download import WeightsUnavailable
from explorer.zoo.efficientnet_lite import rename_weights
from explorer.zoo.weights import WeightsRejected


def read_packaged(name: str) -> dict[str, Tensor]:
    """The tensors of a network whose weights are in a package, under the names of our architecture.

    The file is a pickle, as PyTorch wrote them in 2020. It is read with `weights_only=True`, and only after its sha256
    was found to be the one we know.

    Args:
        name: a key of `PACKAGED`.

    Raises:
        WeightsUnavailable: the package is not installed, or its file is gone.
        WeightsRejected: the file is another one.
    """
    package = PACKAGED[name]
    spec = find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise WeightsUnavailable(say_missing(name))
    path = Path(spec.submodule_search_locations[0]) / package.file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsUnavailable(
            f"The package {package.project} lacks its file of weights; install it again."
        ) from error
    if hashlib.sha256(data).hexdigest() != package.sha256:
        raise WeightsRejected(
            f"The weights in the package {package.project} are not the file that {name} was checked with, so they were "
            "not opened."
        )
    return rename_weights(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
