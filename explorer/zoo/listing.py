"""What the list of networks says of each before it is opened: size, classes, and where its weights are."""

from __future__ import annotations

from dataclasses import dataclass

from torchvision import models

from explorer.zoo.catalogue import list_own, read_card
from explorer.zoo.download import cached_path


@dataclass(frozen=True)
class Listing:
    """A network as the list shows it.

    Attributes:
        name: for `load_model`.
        parameters: weights and biases.
        classes: how many its own weights tell apart.
        download: size of the weights in MB (10^6 bytes) where they would have to be downloaded; None where they are on
            this machine.
    """

    name: str
    parameters: int
    classes: int
    download: float | None

    @property
    def whereabouts(self) -> str:
        """Of its weights."""
        return "here" if self.download is None else f"download of {self.download:.0f} MB"


def describe_listing(name: str) -> Listing:
    """One network of `list_models()` or `list_transformers()`, without opening it."""
    if name in list_own():
        card = read_card(name)
        return Listing(name, card["parameters"], len(card["classes"]), None)
    official = models.get_model_weights(name).DEFAULT
    meta = official.meta
    here = cached_path(official.url).is_file()  # whole or not: that is seen when it is opened, and all would take long
    download = None if here else float(meta["_file_size"]) * 2**20 / 1e6  # torchvision counts in 2^20 bytes
    return Listing(name, meta["num_params"], len(meta["categories"]), download)
