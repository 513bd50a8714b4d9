"""What a training step minimises: labels alone, or labels and a teacher."""

import time
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from explorer.training import augment
from explorer.training.datasets import LabelledImages


class Objective(Protocol):
    """The loss of a network on some of the training pictures."""

    def __call__(self, network: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        """Scalar loss on pictures `indices` (B,)."""
        ...

    def parameters(self) -> list[nn.Parameter]:
        """What is trained along with the network and thrown away afterwards."""
        ...


def normalise(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(image - mean) / std per channel, channels-last in memory. Images in [0, 1], (B, 3, H, W)."""
    shape = (1, 3, 1, 1)
    images = (images - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
    return images.contiguous(memory_format=torch.channels_last)


class Labels:
    """Cross-entropy against smoothed labels on shifted, mirrored pictures, with a hole or part of another one."""

    def __init__(
        self,
        data: LabelledImages,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        smoothing: float = 0.1,
        shift: int = 4,
        hole: int = 7,
        mixed: float = 0.0,
    ) -> None:
        self.data, self.mean, self.std = data, mean, std
        self.smoothing, self.shift, self.hole, self.mixed = smoothing, shift, hole, mixed

    def __call__(self, network: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        images = self.data.images[indices].float() / 255
        images = augment.flip(augment.shift(images, self.shift, generator), generator)
        images = normalise(images, self.mean, self.std)
        labels = self.data.labels[indices]
        if torch.rand((), generator=generator) < self.mixed:
            images, partner, share = augment.cutmix(images, generator)
            logits = network(images).float()
            own = F.cross_entropy(logits, labels, reduction="none", label_smoothing=self.smoothing)
            other = F.cross_entropy(logits, labels[partner], reduction="none", label_smoothing=self.smoothing)
            return (share * own + (1 - share) * other).mean()
        if self.hole:
            images = augment.cutout(images, self.hole, generator)
        return F.cross_entropy(network(images).float(), labels, label_smoothing=self.smoothing)

    def parameters(self) -> list[nn.Parameter]:
        return []


class Distillation:
    """Labels, and the opinion of an ImageNet teacher on the very same crops (Beyer et al. 2022).

    The teacher looks once at `views` fixed random crops of every picture, before training. The
    student sees one of these crops, mirrored and recoloured at random, and learns three things: the
    label, the teacher's distribution over our classes, and, through a linear layer on its pooled
    features that is not shipped, the teacher's distribution over all 1,000 classes. The last is what
    makes the features general; without `general` it is left out.
    """

    def __init__(
        self,
        data: LabelledImages,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        teacher_classes: list[int],
        features: int,
        views: int = 6,
        size: int = 128,
        teacher_size: int = 160,
        scale: tuple[float, float] = (0.3, 1.0),
        general: bool = True,
        mixed: float = 0.0,
        seed: int = 0,
        log: Callable[[str], None] = print,
    ) -> None:
        self.data, self.mean, self.std, self.views, self.size = data, mean, std, views, size
        self.general, self.mixed = general, mixed
        self.teacher_classes = teacher_classes
        generator = torch.Generator().manual_seed(seed)
        count = len(data.images)
        self.crops = torch.stack([augment.random_crops(count, scale, generator) for _ in range(views)])  # (V, N, 4)
        self.opinions = self._ask_teacher(teacher_size, log)  # (V, N, 1000)
        self.head = nn.Linear(features, 1000)

    def _ask_teacher(self, size: int, log: Callable[[str], None]) -> Tensor:
        teacher = models.mobilenet_v2(weights="IMAGENET1K_V2").eval().to(memory_format=torch.channels_last)
        opinions = torch.empty(self.views, len(self.data.images), 1000, dtype=torch.float16)
        started = time.perf_counter()
        hits = 0
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            for view in range(self.views):
                for indices in torch.arange(len(self.data.images)).split(128):
                    images = augment.crop(self.data.images[indices].float() / 255, self.crops[view, indices], size)
                    logits = teacher(normalise(images, self.mean, self.std)).float()
                    opinions[view, indices] = logits.half()
                    ours = logits[:, self.teacher_classes].argmax(1)
                    hits += int((ours == self.data.labels[indices]).sum())
                seen = (view + 1) * len(self.data.images)
                log(
                    f"teacher: view {view + 1}/{self.views}, {time.perf_counter() - started:.0f} s, "
                    f"right {hits / seen:.4f}"
                )
        return opinions

    def __call__(self, network: nn.Module, indices: Tensor, generator: torch.Generator) -> Tensor:
        view = torch.randint(0, self.views, (len(indices),), generator=generator)
        images = augment.crop(self.data.images[indices].float() / 255, self.crops[view, indices], self.size)
        images = augment.colour(augment.flip(images, generator), 0.2, generator)
        opinion = self.opinions[view, indices].float()  # (B, 1000)
        ours = opinion[:, self.teacher_classes].softmax(dim=1)  # (B, 10)
        everything = opinion.softmax(dim=1)
        labels = F.one_hot(self.data.labels[indices], len(self.teacher_classes)).float()
        if torch.rand((), generator=generator) < self.mixed:
            images, partner, share = augment.cutmix(images, generator)
            share = share[:, None]
            ours, everything, labels = (share * t + (1 - share) * t[partner] for t in (ours, everything, labels))
        pooled: list[Tensor] = []
        hook = network.average.register_forward_hook(lambda _m, _i, output: pooled.append(output.flatten(1)))  # type: ignore[union-attr]
        try:
            logits = network(normalise(images, self.mean, self.std)).float()  # (B, 10)
        finally:
            hook.remove()
        loss = F.kl_div(F.log_softmax(logits, dim=1), ours, reduction="batchmean")
        loss = loss + F.cross_entropy(logits, labels, label_smoothing=0.05)
        if self.general:
            guess = F.log_softmax(self.head(pooled[0]).float(), dim=1)
            loss = loss + F.kl_div(guess, everything, reduction="batchmean")
        return loss

    def parameters(self) -> list[nn.Parameter]:
        return list(self.head.parameters()) if self.general else []
