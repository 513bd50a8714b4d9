"""Ants and bees with a new head on frozen layers, in plain PyTorch and torchvision: what our own training is held to.

    python -m benchmarks.plain_transfer FOLDER

where FOLDER holds train/CLASS/*.jpg and val/CLASS/*.jpg. Nothing of the explorer is used.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import models
from torchvision.datasets import ImageFolder


def train_head(folder: str, seed: int, epochs: int = 20, batch_size: int = 32) -> tuple[float, float]:
    """A new last layer for MobileNetV2, its other layers frozen and run anew in every epoch.

    Returns:
        The share of right answers on the pictures under "val", and the seconds of training.
    """
    torch.manual_seed(seed)
    weights = models.MobileNet_V2_Weights.DEFAULT
    network = models.mobilenet_v2(weights=weights).eval().requires_grad_(False)
    train, val = (ImageFolder(f"{folder}/{part}", weights.transforms()) for part in ("train", "val"))
    head = nn.Linear(network.last_channel, len(train.classes))
    network.classifier[1] = head
    optimiser = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=1e-2)
    loader = DataLoader(train, batch_size, shuffle=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * len(loader))
    started = time.perf_counter()
    for _ in range(epochs):
        for images, labels in loader:
            loss = F.cross_entropy(network(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    seconds = time.perf_counter() - started
    with torch.inference_mode():
        right = sum(int((network(x).argmax(dim=1) == y).sum()) for x, y in DataLoader(val, batch_size))
    return right / len(val), seconds


if __name__ == "__main__":
    for number in range(3):
        share, took = train_head(sys.argv[1], number)
        print(f"{share:.4f} in {took:.0f} s", flush=True)
