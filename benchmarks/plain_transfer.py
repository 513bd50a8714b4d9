"""Ants and bees with a new head on frozen layers, in plain PyTorch and torchvision: what our own training is held to.

    python -m benchmarks.plain_transfer FOLDER

where FOLDER holds train/CLASS/*.jpg and val/CLASS/*.jpg. Nothing of the explorer is used.
"""

import sys
import time
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torchvision import models
from torchvision.datasets import ImageFolder


def train_head(folder: str, seed: int, epochs: int = 20, batch_size: int = 32) -> tuple[float, float]:
    """A new last layer for MobileNetV2 on its other layers, which are frozen.

    No picture is changed from epoch to epoch, so what the frozen layers give is made once, and its time counts in
    every epoch, as it would pass in a script that makes it anew.

    Returns:
        The share of right answers on the pictures under "val", and the seconds of training.
    """
    train_features, train_labels, looking = _look(f"{folder}/train", batch_size)
    val_features, val_labels, _ = _look(f"{folder}/val", batch_size)
    torch.manual_seed(seed)
    head = nn.Linear(train_features.shape[1], int(train_labels.max()) + 1)
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
    loader = DataLoader(TensorDataset(train_features, train_labels), batch_size, shuffle=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(loader))
    started = time.perf_counter()
    for _ in range(epochs):
        for features, labels in loader:
            loss = F.cross_entropy(head(features), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    seconds = time.perf_counter() - started + epochs * looking
    with torch.inference_mode():
        right = int((head(val_features).argmax(dim=1) == val_labels).sum())
    return right / len(val_labels), seconds


@cache
def _look(folder: str, batch_size: int) -> tuple[Tensor, Tensor, float]:
    """Of the pictures in class folders what the frozen layers give, (N, 1280), their labels, (N,), and the seconds."""
    weights = models.MobileNet_V2_Weights.DEFAULT
    network = models.mobilenet_v2(weights=weights).eval().requires_grad_(False)
    network.classifier = nn.Identity()  # its dropout does nothing in evaluation
    started = time.perf_counter()
    parts = [
        (network(images), labels)
        for images, labels in DataLoader(ImageFolder(folder, weights.transforms()), batch_size)
    ]
    seconds = time.perf_counter() - started
    return torch.cat([features for features, _ in parts]), torch.cat([labels for _, labels in parts]), seconds


if __name__ == "__main__":
    for number in range(3):
        share, took = train_head(sys.argv[1], number)
        print(f"{share:.4f} in {took:.0f} s", flush=True)
