"""How `photo-vit` learns: looks of its frozen stages, what a step minimises, and the loop."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.training import augment
from explorer.training.datasets import LabelledImages
from explorer.training.objectives import normalise
from explorer.training.recipes import IMAGENETTE_IN_IMAGENET
from explorer.zoo import VisionModel
from explorer.zoo.efficientnet_lite import EfficientNetLite
from explorer.zoo.photo_vit import STAGES_USED, WIDTH, PhotoViT, fuse

AT_ONCE = 50  # photos, when nothing is learned


@dataclass(frozen=True)
class Recipe:
    """How the transformer is trained.

    Attributes:
        views: looks at each training photo; the first is at all of it, the others at random crops, half of them
            mirrored.
        scale: least and most of a photo's area in a crop.
        phases: epochs, and the tokens of each photo that a step keeps, drawn anew at every step (Liu et al. 2022,
            PatchDropout): fewer are faster, and hide parts of the photo.
        batch_size: photos a step.
        learning_rate: highest one of AdamW, reached after `warm_up` of all steps; then it falls as a cosine.
        weight_decay: on matrices only.
        smoothing: of the labels.
        mixed: share of steps whose token grids are cut and mixed (Yun et al. 2019).
        paired: share of steps with two photos side by side, or one above the other, as one picture.
        pointing: weight of the attention's part of the loss on pairs.
        seed: of crops, order and weights.
    """

    views: int = 3
    scale: tuple[float, float] = (0.35, 1.0)
    phases: tuple[tuple[int, int], ...] = ((8, 49), (1, 98))
    batch_size: int = 64
    learning_rate: float = 1e-3
    warm_up: float = 0.08
    weight_decay: float = 0.05
    smoothing: float = 0.05
    mixed: float = 0.2
    paired: float = 0.25
    pointing: float = 1.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Looks:
    """What the frozen stages and the teacher make of every photo.

    Attributes:
        fine: (V, N, 112, rows, columns) fp16, of each view of each photo.
        coarse: (V, N, 192, rows / 2, columns / 2) fp16.
        opinions: (V, N, 1000) fp16 logits of the teacher on the same views.
        labels: (N,).
    """

    fine: Tensor
    coarse: Tensor
    opinions: Tensor
    labels: Tensor

    def cells(self, view: Tensor, photos: Tensor) -> Tensor:
        """(B, 304, rows, columns) of a view (B,) of photos (B,)."""
        return fuse(self.fine[view, photos].float(), self.coarse[view, photos].float())


def look(data: LabelledImages, recipe: Recipe, teacher: VisionModel, log: Callable[[str], None]) -> Looks:
    """Every view of every photo once through the teacher, in bf16."""
    generator = torch.Generator().manual_seed(recipe.seed)
    network, how = teacher.network, teacher.preprocessing
    assert isinstance(network, EfficientNetLite)
    network = network.to(memory_format=torch.channels_last)
    count, started = len(data.images), time.perf_counter()
    whole = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(count, 4)
    views: list[list[Tensor]] = []
    for view in range(recipe.views):
        crops = augment.random_crops(count, recipe.scale, generator) if view else whole
        seen: list[tuple[Tensor, Tensor, Tensor]] = []
        for indices in torch.arange(count).split(AT_ONCE):
            images = augment.crop(data.images[indices].float() / 255, crops[indices], how.size, "bicubic").clamp(0, 1)
            images = augment.flip(images, generator) if view else images
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                fine = network.stages[: STAGES_USED - 1](network.stem(normalise(images, how.mean, how.std)))
                coarse = network.stages[STAGES_USED - 1](fine)
                pooled = network.average(network.head(network.stages[STAGES_USED:](coarse)))
                opinion = network.classifier(pooled.flatten(1))
            seen.append((fine.half().contiguous(), coarse.half().contiguous(), opinion.half()))
        views.append([torch.cat(each) for each in zip(*seen, strict=True)])
        right = (views[-1][2][:, IMAGENETTE_IN_IMAGENET].argmax(1) == data.labels).float().mean()
        log(f"view {view + 1}/{recipe.views}: {time.perf_counter() - started:.0f} s, teacher right {right:.4f}")
    fine, coarse, opinions = (torch.stack(each) for each in zip(*views, strict=True))
    return Looks(fine, coarse, opinions, data.labels)


@contextmanager
def overheard(network: PhotoViT) -> Iterator[list[Tensor]]:
    """A list that each forward pass extends by the attention (B, N, N) of every block, mean of its heads."""
    heard: list[Tensor] = []
    handles = []
    for module in network.modules():
        if isinstance(module, nn.MultiheadAttention):
            handles.append(
                module.register_forward_pre_hook(lambda _m, a, k: (a, {**k, "need_weights": True}), with_kwargs=True)
            )
            handles.append(module.register_forward_hook(lambda _m, _a, given: heard.append(given[1])))
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def roll_out(attention: list[Tensor]) -> Tensor:
    """What the class token gathers from each token (B, N) through all blocks (Abnar & Zuidema 2020)."""
    flow = torch.zeros_like(attention[0][:, :1])
    flow[:, :, 0] = 1
    for weights in reversed(attention):
        flow = 0.5 * flow + 0.5 * flow @ weights
    return flow[:, 0]


class Lessons:
    """What a training step minimises.

    A single photo, or two whose token grids are cut and mixed, teaches its label, the teacher's distribution over the
    ten classes and, through a layer that is not shipped, its distribution over all 1,000.

    A pair of photos has two right answers: it asks for the one of the two that the network itself finds more probable,
    and that its class token gathers from that photo, by rollout.
    """

    def __init__(self, looks: Looks, recipe: Recipe) -> None:
        self.looks, self.recipe = looks, recipe
        self.general = nn.Linear(WIDTH, looks.opinions.shape[2])

    def single(self, network: PhotoViT, photos: Tensor, keep: int, generator: torch.Generator) -> Tensor:
        """The loss on photos (B,)."""
        view = torch.randint(0, self.recipe.views, (len(photos),), generator=generator)
        cells, opinion = self.looks.cells(view, photos), self.looks.opinions[view, photos].float()
        targets = [opinion[:, IMAGENETTE_IN_IMAGENET].softmax(1), opinion.softmax(1)]
        targets.append(F.one_hot(self.looks.labels[photos], len(IMAGENETTE_IN_IMAGENET)).float())
        if torch.rand((), generator=generator) < self.recipe.mixed:
            cells, partner, share = augment.cutmix(cells, generator)
            targets = [share[:, None] * each + (1 - share[:, None]) * each[partner] for each in targets]
        ours, everything, labels = targets
        tokens = network.tokens(cells)
        chosen = torch.rand(tokens.shape[:2], generator=generator).topk(min(keep, tokens.shape[1])).indices
        read = network.read(tokens.gather(1, chosen[:, :, None].expand(-1, -1, WIDTH)))
        logits = network.classifier(read).float()
        loss = F.cross_entropy(logits, labels, label_smoothing=self.recipe.smoothing)
        loss = loss + F.kl_div(F.log_softmax(logits, 1), ours, reduction="batchmean")
        guess = F.log_softmax(self.general(read).float(), 1)
        return loss + F.kl_div(guess, everything, reduction="batchmean")

    def pair(
        self, network: PhotoViT, photos: Tensor, keep: int, generator: torch.Generator, heard: list[Tensor]
    ) -> Tensor:
        """The loss on photos (B,), two at a time as one picture."""
        view = torch.randint(0, self.recipe.views, (len(photos),), generator=generator)
        axis = 3 if torch.rand((), generator=generator) < 0.5 else 2
        halves = self.looks.cells(view, photos).chunk(2)
        labels = torch.stack(self.looks.labels[photos].chunk(2), 1)  # (B/2, 2)
        rows, columns = halves[0].shape[2:]
        tokens = network.tokens(torch.cat(halves, axis))
        places = torch.arange(tokens.shape[1])
        second = places % (2 * columns) >= columns if axis == 3 else places // columns >= rows  # (N,)
        chosen = torch.rand(tokens.shape[:2], generator=generator).topk(min(2 * keep, len(places))).indices
        heard.clear()
        logits = network.classifier(network.read(tokens.gather(1, chosen[:, :, None].expand(-1, -1, WIDTH)))).float()
        winner = logits.detach().gather(1, labels).argmax(1, keepdim=True)  # (B/2, 1) which half
        loss = F.cross_entropy(logits, labels.gather(1, winner)[:, 0], label_smoothing=self.recipe.smoothing)
        mass = roll_out([each.float() for each in heard])[:, 1:]
        share = (mass * (second[chosen] == winner.bool())).sum(1) / mass.sum(1)
        differ = labels[:, 0] != labels[:, 1]
        return loss - self.recipe.pointing * (share.clamp(min=1e-6).log() * differ).mean()


def fit(recipe: Recipe, looks: Looks, teacher: VisionModel, log: Callable[[str], None]) -> PhotoViT:
    """Train the transformer on what the frozen stages saw.

    Args:
        recipe: how.
        looks: at the training photos.
        teacher: whose early stages become the network's.
        log: receives one JSON line an epoch.

    Returns:
        The network, float32, in evaluation mode.
    """
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = PhotoViT(len(IMAGENETTE_IN_IMAGENET))
    frozen = {
        k: v for k, v in teacher.network.state_dict().items() if k in network.state_dict() and "classifier" not in k
    }
    network.load_state_dict(frozen, strict=False)
    network.stem.requires_grad_(False)
    network.stages.requires_grad_(False)
    lessons = Lessons(looks, recipe)
    learned = [p for p in (*network.parameters(), *lessons.general.parameters()) if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in learned if p.ndim == 2 or p.ndim == 4], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learned if p.ndim == 1 or p.ndim == 3], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, recipe.learning_rate)
    count = len(looks.labels)
    steps = count // recipe.batch_size
    total = steps * sum(epochs for epochs, _ in recipe.phases)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=total, pct_start=recipe.warm_up, cycle_momentum=False
    )
    started, epoch = time.perf_counter(), 0
    with overheard(network) as heard:
        for epochs, keep in recipe.phases:
            for _ in range(epochs):
                network.train()
                losses = {"single": [0.0], "pair": [0.0]}
                for photos in torch.randperm(count, generator=generator)[: steps * recipe.batch_size].split(
                    recipe.batch_size
                ):
                    heard.clear()
                    paired = bool(torch.rand((), generator=generator) < recipe.paired)
                    with torch.autocast("cpu", torch.bfloat16):
                        if paired:
                            loss = lessons.pair(network, photos, keep, generator, heard)
                        else:
                            loss = lessons.single(network, photos, keep, generator)
                    optimiser.zero_grad()
                    loss.backward()
                    nn.utils.clip_grad_norm_(learned, 1.0)
                    optimiser.step()
                    schedule.step()
                    losses["pair" if paired else "single"].append(loss.item())
                epoch += 1
                line = {kind: round(sum(each) / max(1, len(each) - 1), 4) for kind, each in losses.items()}
                log(json.dumps({"epoch": epoch, **line, "seconds": round(time.perf_counter() - started)}))
    return network.eval()
