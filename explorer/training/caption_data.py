"""Flickr8k in memory: photos, their captions and the official split. The files are never part of the project."""

from __future__ import annotations

import csv
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.captioning.vocabulary import split_words
from explorer.datasets import locate


@dataclass(frozen=True)
class CaptionedImages:
    """Photos of one size and what people said of them.

    Attributes:
        images: (N, 3, H, W) uint8.
        captions: for every photo its sentences, each a list of words.
        names: the files.
    """

    images: Tensor
    captions: tuple[tuple[tuple[str, ...], ...], ...]
    names: tuple[str, ...]


def load_captions(split: str) -> CaptionedImages:
    """One part of Flickr8k's official split (Hodosh et al. 2013).

    Args:
        split: "train" (6,000 photos), "dev" or "test" (1,000 each).

    Raises:
        DatasetMissing: it is not on this machine.
    """
    root = locate("flickr8k")
    (listing,) = root.rglob("captions.csv")
    folder = listing.parent
    names = (folder / f"{split}.txt").read_text(encoding="utf-8").split()
    sentences: dict[str, list[tuple[str, ...]]] = {name: [] for name in names}
    with listing.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["image"] in sentences:
                sentences[row["image"]].append(tuple(split_words(row["caption"])))
    paths = {path.name: path for path in folder.rglob("*.jpg")}
    pictures = []
    for name in names:
        with Image.open(paths[name]) as image:
            pictures.append(np.asarray(image.convert("RGB")))
    images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    return CaptionedImages(images, tuple(tuple(sentences[name]) for name in names), tuple(names))
