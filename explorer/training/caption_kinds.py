"""`python -m explorer.training.caption_kinds`: what the training photos of the photo captioners are like.

Writes `models/photo-captioner/kinds.safetensors`, and says how well it tells other photos from those of Flickr8k.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.captioning.familiarity import learn_kinds
from explorer.captioning.loading import KINDS_FILE, MODELS
from explorer.training.caption_data import load_captions
from explorer.training.captioner import Log
from explorer.training.datasets import load_split, needs_data
from explorer.training.photo_captioner import look_once, write_card
from explorer.zoo.efficientnet_lite import HEAD

OBJECTS = ("cassette player", "chain saw", "gas pump", "golf ball")  # of Imagenette: nothing like Flickr8k


def make_kinds(log: Log) -> None:
    """What the training photos are like, for all photo captioners; and how well it tells other photos, for the log."""
    train, dev, test = (load_captions(split) for split in ("train", "dev", "test"))
    known = learn_kinds(
        average(look_once("train", train.images)), train.captions, average(look_once("dev", dev.images))
    )
    folder = MODELS / "photo-captioner"
    known.save(folder / KINDS_FILE)
    write_card(folder, json.loads((folder / "card.json").read_text(encoding="utf-8")))
    others = load_split("imagenette", "val")
    places = [others.classes.index(name) for name in OBJECTS]
    objects = others.images[torch.isin(others.labels, torch.tensor(places))]
    own = [known.judge(feature) for feature in average(look_once("test", test.images))]
    other = [known.judge(feature) for feature in average(look_once("objects", objects))]
    wins = np.array([[b.distance > a.distance for b in other] for a in own])  # no ties among floats
    shares = [round(float(np.mean([each.unlike for each in some])), 4) for some in (own, other)]
    log(json.dumps({"area under the ROC curve": round(float(wins.mean()), 4), "called unlike": shares}))


def average(seen: Tensor) -> NDArray[np.float32]:
    """(N, C) the mean over all cells of what the head sees, from annotation vectors (N, L, D)."""
    return torch.cat([part[..., :HEAD].float().mean(dim=1) for part in seen.split(500)]).numpy()


@needs_data
def main() -> None:
    """Do it."""
    make_kinds(lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main())
