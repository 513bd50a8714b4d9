"""The captioner's encoder, first part: it learns to see from an ImageNet network, cell by cell, without any label."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from explorer.captioning.encoder import Encoder
from explorer.training import augment
from explorer.training.objectives import normalise
from explorer.training.recipes import IMAGENET_MEAN, IMAGENET_STD

BOTTLENECK = 320  # channels of MobileNetV2's last block; all it knows goes through them
TEACHER_SIZE, TEACHER_GRID = 192, 6


@dataclass(frozen=True, eq=False)
class Teacher:
    """What a network saw in fixed crops of photos, and its last layers.

    MobileNetV2's last block gives 320 channels that have no ReLU; one 1x1 convolution, an average and one linear
    layer make its opinion of them. So the student is asked for those channels in every cell, and what it
    answers is put through the teacher's own last layers to ask for the same opinion, too.

    Attributes:
        images: (N, 3, H, W) uint8.
        crops: (V, N, 4), for `augment.crop`.
        maps: (V, N, 320, 6, 6) fp16, what it saw in them.
        expand, classify: its last layers.
    """

    images: Tensor
    crops: Tensor
    maps: Tensor
    expand: nn.Module
    classify: nn.Module

    @cached_property
    def spread(self) -> Tensor:
        """(320, 1, 1), the standard deviation of every channel over some of the photos."""
        some = self.maps[0, :: max(1, len(self.images) // 2000)].float()
        return some.std(dim=(0, 2, 3))[:, None, None]

    def opinion(self, maps: Tensor) -> Tensor:
        """Logits of ImageNet's 1,000 classes, from bottleneck maps (B, 320, h, w)."""
        return self.classify(self.expand(maps).mean(dim=(2, 3)))


def ask_mobilenet(
    images: Tensor, views: int, scale: tuple[float, float], seed: int, log: Callable[[str], None] = print
) -> Teacher:
    """Show random crops of photos to a MobileNetV2 with ImageNet weights.

    Args:
        images: (N, 3, H, W) uint8.
        views: crops a photo.
        scale: least and most of a photo's area in a crop.
        seed: of the crops.
        log: receives a JSON line a view.
    """
    network = models.mobilenet_v2(weights="IMAGENET1K_V2").eval().requires_grad_(False)
    blocks = network.features[:18].to(memory_format=torch.channels_last)
    generator = torch.Generator().manual_seed(seed)
    crops = torch.stack([augment.random_crops(len(images), scale, generator) for _ in range(views)])
    maps = torch.empty((views, len(images), BOTTLENECK, TEACHER_GRID, TEACHER_GRID), dtype=torch.float16)
    started = time.perf_counter()
    for view in range(views):
        for indices in torch.arange(len(images)).split(64):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                cut = augment.crop(images[indices].float() / 255, crops[view, indices], TEACHER_SIZE)
                maps[view, indices] = blocks(normalise(cut, IMAGENET_MEAN, IMAGENET_STD)).half()
        log(json.dumps({"teacher": view + 1, "of": views, "seconds": round(time.perf_counter() - started)}))
    return Teacher(images, crops, maps, network.features[18], network.classifier[1])


def distil(
    encoder: Encoder,
    teacher: Teacher,
    sizes: list[tuple[int, int]],
    focus: int,
    learning_rate: float,
    batch_size: int,
    seed: int,
    log: Callable[[str], None],
    keep: Callable[[Encoder], None] = lambda encoder: None,
) -> None:
    """Train the encoder in place, on the CPU, bf16 autocast and channels-last.

    Args:
        encoder: annotation vectors of any width.
        teacher: who knows.
        sizes: (pixels, epochs) one after the other; small pictures first are cheap lessons.
        focus: the first so many photos are seen every epoch, and as many again drawn from the others, halved.
        learning_rate: the peak of a one-cycle schedule for AdamW.
        batch_size: photos a step.
        seed: of order, views, mirrors and colours.
        log: receives a JSON line an epoch.
        keep: called after every epoch.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    head = nn.Conv2d(encoder.annotation, BOTTLENECK, 1)
    encoder.to(memory_format=torch.channels_last).train()
    parameters = [*encoder.parameters(), *head.parameters()]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    others = len(teacher.images) - focus
    steps = (focus + min(others, focus // 2)) // batch_size
    epochs = sum(count for _, count in sizes)
    optimiser = torch.optim.AdamW(groups, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps * epochs, pct_start=0.15)
    started, epoch = time.perf_counter(), 0
    for size, count in sizes:
        for _ in range(count):
            epoch += 1
            drawn = focus + torch.randperm(others, generator=generator)[: focus // 2]
            order = torch.cat([torch.arange(focus), drawn])
            order = order[torch.randperm(len(order), generator=generator)]
            totals = torch.zeros(2)
            for indices in order[: steps * batch_size].split(batch_size):
                images, wanted = draw_lesson(teacher, indices, size, generator)
                with torch.autocast("cpu", torch.bfloat16):
                    maps = head(encoder(images))
                losses = lesson_losses(teacher, maps, wanted)
                optimiser.zero_grad()
                (losses[0] + losses[1]).backward()
                optimiser.step()
                schedule.step()
                totals += torch.stack(losses).detach()
            cells, opinion = (totals / steps).tolist()
            seconds = round(time.perf_counter() - started)
            line = {"epoch": epoch, "size": size, "cells": cells, "opinion": opinion, "seconds": seconds}
            log(json.dumps(line))
            keep(encoder)
    encoder.to(memory_format=torch.contiguous_format).eval()


def draw_lesson(teacher: Teacher, indices: Tensor, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """One of the teacher's crops of each photo, mirrored and recoloured at random, and what the teacher saw in it.

    Returns:
        (B, 3, size, size) normalised, and bottleneck maps (B, 320, 6, 6).
    """
    view = torch.randint(0, len(teacher.crops), (len(indices),), generator=generator)
    images = augment.crop(teacher.images[indices].float() / 255, teacher.crops[view, indices], size)
    wanted = teacher.maps[view, indices].float()
    if torch.rand((), generator=generator) < 0.5:
        images, wanted = images.flip(-1), wanted.flip(-1)
    return normalise(augment.colour(images, 0.2, generator), IMAGENET_MEAN, IMAGENET_STD), wanted


def lesson_losses(teacher: Teacher, maps: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Squared error of the cells in units of each channel's spread, and divergence of the opinions.

    Args:
        teacher: who knows.
        maps: (B, 320, h, w), the student's answer, of any resolution.
        wanted: (B, 320, 6, 6).
    """
    got = F.interpolate(maps.float(), wanted.shape[2:], mode="bilinear", antialias=True)
    cells = ((got - wanted) / teacher.spread).square().mean()
    with torch.autocast("cpu", torch.bfloat16):
        opinions = teacher.opinion(got).float().log_softmax(dim=1)
        with torch.no_grad():
            told = teacher.opinion(wanted).float().softmax(dim=1)
    return cells, F.kl_div(opinions, told, reduction="batchmean")
