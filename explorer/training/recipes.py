"""The four recipes, and the loop they share."""

import copy
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer.training.datasets import LabelledImages
from explorer.training.objectives import Distillation, Labels, Objective, normalise
from explorer.zoo.architectures import PlainStack, five_by_five, mini_resnet, photo_net, tiny_vgg

CIFAR10_MEAN, CIFAR10_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Positions of Imagenette's ten classes among ImageNet's 1,000, in the order of their WordNet ids.
IMAGENETTE_IN_IMAGENET = [0, 217, 482, 491, 497, 566, 569, 571, 574, 701]


@dataclass(frozen=True)
class Cycle:
    """One rise and fall of the learning rate.

    Attributes:
        objective: what is minimised, given the training split.
        epochs: passes over the training split.
        learning_rate: the peak of a one-cycle schedule for SGD with Nesterov momentum 0.9 (Smith & Topin 2019).
    """

    objective: Callable[[LabelledImages], Objective]
    epochs: int
    learning_rate: float


@dataclass(frozen=True)
class Recipe:
    """How one network of ours is made.

    Attributes:
        name: the folder under `models/`.
        title: one line for the model picker.
        note: how it learned, for the card.
        build: the network as it is trained.
        finish: from the trained network to the shipped one.
        cycles: what is done, one after the other.
        data, train_split, test_split: for `datasets.load_split`.
        input_size, mean, std: what a picture goes through before the network.
        weight_decay: on weights of convolutions and linear layers only.
    """

    name: str
    title: str
    note: str
    build: Callable[[], nn.Module]
    finish: Callable[[nn.Module], nn.Module]
    cycles: tuple[Cycle, ...]
    data: str
    train_split: str
    test_split: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    batch_size: int
    weight_decay: float = 5e-4
    seed: int = 0


def fold_batch_norm(trained: nn.Module) -> nn.Module:
    """`PlainStack` with every batch normalisation folded into the convolution before it."""
    assert isinstance(trained, PlainStack)
    plain = copy.deepcopy(trained).eval()
    for name, layer in list(plain.features.named_children()):
        if isinstance(layer, nn.Conv2d):
            norm = plain.features.get_submodule(name.replace("conv", "bn"))
            assert isinstance(norm, nn.BatchNorm2d)
            setattr(plain.features, name, fuse_conv_bn_eval(layer, norm))
            delattr(plain.features, name.replace("conv", "bn"))
    return plain


def unchanged(trained: nn.Module) -> nn.Module:
    """The network as it was trained, in evaluation mode."""
    return trained.eval()


def taught_by_imagenet(data: LabelledImages, **how: Any) -> Distillation:
    """What `photo-net` learns from; `how` is for `Distillation`."""
    return Distillation(data, IMAGENET_MEAN, IMAGENET_STD, IMAGENETTE_IN_IMAGENET, features=256, **how)


_on_cifar10 = partial(
    Recipe, data="cifar10", train_split="train", test_split="test", input_size=32, mean=CIFAR10_MEAN, std=CIFAR10_STD
)


def _plain_stack(name: str, title: str, build: Callable[..., nn.Module], epochs: int) -> Recipe:
    return _on_cifar10(
        name=name,
        title=title,
        note="Trained with batch normalisation after every convolution, folded into the weights afterwards.",
        build=partial(build, batch_norm=True),
        finish=fold_batch_norm,
        cycles=(
            Cycle(
                lambda data: Labels(data, CIFAR10_MEAN, CIFAR10_STD, smoothing=0.05, shift=3, hole=0),
                epochs=epochs,
                learning_rate=0.15,
            ),
        ),
        batch_size=128,
    )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        _plain_stack("tiny-vgg", "Tiny VGG, six convolutions, CIFAR-10", tiny_vgg, epochs=12),
        _plain_stack("five-by-five", "Five by five, five convolutions of 5x5, CIFAR-10", five_by_five, epochs=15),
        _on_cifar10(
            name="mini-resnet",
            title="Mini ResNet, residual blocks, CIFAR-10",
            note="Labels only; from the second cycle on, half of the batches are cut and mixed.",
            build=mini_resnet,
            finish=unchanged,
            cycles=(
                Cycle(lambda data: Labels(data, CIFAR10_MEAN, CIFAR10_STD), epochs=20, learning_rate=0.3),
                # It then knew 97.5 % of the training pictures and 89.6 % of the others: harder pictures from here on.
                Cycle(lambda data: Labels(data, CIFAR10_MEAN, CIFAR10_STD, mixed=0.5), epochs=24, learning_rate=0.2),
            ),
            batch_size=256,
        ),
        Recipe(
            name="photo-net",
            title="Photo net, residual blocks, Imagenette",
            note="Distilled: a MobileNetV2 with ImageNet weights, loaded through torchvision, gave its opinion on "
            "random crops of every training photo, six for the first cycle and eight for the third, whose batches are "
            "cut and mixed by half; the second and fourth cycle see two crops that are almost whole. The network "
            "learns from the labels and from that opinion. The teacher has seen ImageNet's training photos, of which "
            "Imagenette's are a part.",
            build=photo_net,
            finish=unchanged,
            cycles=(
                Cycle(taught_by_imagenet, epochs=36, learning_rate=0.1),
                # Random crops show objects larger than the pictures do (Touvron et al. 2019): end on almost whole ones.
                Cycle(
                    partial(taught_by_imagenet, views=2, scale=(0.7, 1.0), general=False), epochs=6, learning_rate=0.02
                ),
                # 98.1 % of the training photos, 89.4 % of the others: new crops, half of the batches cut and mixed.
                Cycle(
                    partial(taught_by_imagenet, views=8, scale=(0.35, 1.0), mixed=0.5, seed=1),
                    epochs=40,
                    learning_rate=0.1,
                ),
                Cycle(
                    partial(taught_by_imagenet, views=2, scale=(0.8, 1.0), general=False, seed=1),
                    epochs=6,
                    learning_rate=0.02,
                ),
            ),
            data="imagenette",
            train_split="train",
            test_split="val",
            input_size=128,
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
            batch_size=64,
        ),
    )
}


def fit(
    recipe: Recipe,
    train: LabelledImages,
    test: LabelledImages,
    log: Callable[[str], None],
    start: nn.Module | None = None,
) -> nn.Module:
    """Train one recipe on the CPU, bf16 autocast and channels-last.

    Args:
        recipe: what to do.
        train: the split to learn from.
        test: measured every fifth epoch for the log; nothing is chosen by it.
        log: receives one JSON line an epoch.
        start: a network to go on from; a fresh one by default.

    Returns:
        The finished network, float32, in evaluation mode.
    """
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = (start or recipe.build()).to(memory_format=torch.channels_last)
    for cycle in recipe.cycles:
        _run_cycle(cycle, recipe, network, train, test, generator, log)
    return recipe.finish(network).to(memory_format=torch.contiguous_format)


def _run_cycle(
    cycle: Cycle,
    recipe: Recipe,
    network: nn.Module,
    train: LabelledImages,
    test: LabelledImages,
    generator: torch.Generator,
    log: Callable[[str], None],
) -> None:
    objective = cycle.objective(train)
    everything = [*network.parameters(), *objective.parameters()]
    groups = [
        {"params": [p for p in everything if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in everything if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.SGD(groups, lr=cycle.learning_rate, momentum=0.9, nesterov=True)
    steps = len(train.images) // recipe.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        cycle.learning_rate,
        total_steps=steps * cycle.epochs,
        pct_start=0.2,
        anneal_strategy="linear",
        cycle_momentum=False,
        final_div_factor=1e3,
    )
    started = time.perf_counter()
    for epoch in range(1, cycle.epochs + 1):
        network.train()
        total = 0.0
        order = torch.randperm(len(train.images), generator=generator)
        for indices in order[: steps * recipe.batch_size].split(recipe.batch_size):
            with torch.autocast("cpu", torch.bfloat16):
                loss = objective(network, indices, generator)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        line = {"epoch": epoch, "loss": round(total / steps, 4), "seconds": round(time.perf_counter() - started)}
        if epoch % 5 == 0 or epoch == cycle.epochs:
            line["accuracy"] = round(accuracy(network, test, recipe.mean, recipe.std), 4)
        log(json.dumps(line))


def accuracy(
    network: nn.Module, data: LabelledImages, mean: tuple[float, ...], std: tuple[float, ...], batch_size: int = 250
) -> float:
    """Share of pictures whose most probable class is theirs, float32, one look at each picture as it is."""
    network.eval()
    hits = 0
    with torch.inference_mode():
        for images, labels in zip(data.images.split(batch_size), data.labels.split(batch_size), strict=True):
            hits += int((network(normalise(images.float() / 255, mean, std)).argmax(1) == labels).sum())
    return hits / len(data.images)
