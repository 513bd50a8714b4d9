"""ResNet-18 as the pages open it, without a download: random weights under the name of torchvision's file.

Random weights make maps full of noise, which no PNG compresses well: the sizes measured with them are on the safe side.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torchvision import models

from explorer.samples import SAMPLES
from explorer.ui.session.pictures import get_picture
from explorer.ui.session.subject import Subject
from explorer.zoo import random_model
from explorer.zoo.download import cached_path

NAME = "resnet18"


@contextmanager
def resnet18_at_hand() -> Iterator[None]:
    """Give this process a cache of weights that holds ResNet-18's and nothing else."""
    with TemporaryDirectory() as home:
        before = os.environ.get("TORCH_HOME")
        os.environ["TORCH_HOME"] = home
        try:
            path = Path(cached_path(models.get_model_weights(NAME).DEFAULT.url))
            path.parent.mkdir(parents=True)
            torch.save(random_model(NAME).network.state_dict(), path)
            yield
        finally:
            os.environ.pop("TORCH_HOME")
            if before is not None:
                os.environ["TORCH_HOME"] = before


def resnet18_on(sample: str, size: int = 224) -> Subject:
    """One of the samples, seen through ResNet-18 at this resolution."""
    label = next(each.title for each in SAMPLES if each.name == sample)  # the pages know samples by their titles
    return Subject(get_picture(label), NAME, size=size)
