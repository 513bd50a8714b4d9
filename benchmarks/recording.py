"""What catching every layer costs on top of the forward pass itself."""

from functools import partial

import torch
from torch import Tensor

from benchmarks.results import Row
from benchmarks.timing import compare, seconds_of
from explorer.anatomy import record
from explorer.device import resolve_device
from explorer.images import open_image
from explorer.samples import read_sample
from explorer.zoo import Preprocessing, VisionModel, list_shipped, load_model, publish, random_model
from explorer.zoo.architectures import mini_resnet

BOUND = 1.3
DEFAULT = "efficientnet-lite0"  # with random weights: how long they take does not depend on their values


def measure(quick: bool) -> list[Row]:
    """A small network, where Python's share is greatest, ResNet-18 at its own resolution, and the default."""
    device = resolve_device("auto")
    small = load_model("mini-resnet") if "mini-resnet" in list_shipped() else _untrained_mini_resnet(device)
    large = random_model("resnet18", device=str(device))
    return [
        *_compare_with_forward(small, repetitions=5 if quick else 200),
        *_compare_with_forward(large, repetitions=5 if quick else 60),
        *_compare_with_forward(random_model(DEFAULT, device=str(device)), repetitions=5 if quick else 60),
    ]


def _untrained_mini_resnet(device: torch.device) -> VisionModel:
    """The same multiplications: how long they take does not depend on the weights."""
    preprocessing = Preprocessing(size=32, resize=32, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    names = tuple(f"class {index}" for index in range(10))
    return VisionModel("mini-resnet", "mini-resnet", publish(mini_resnet(), device), preprocessing, names, {})


def _compare_with_forward(model: VisionModel, repetitions: int) -> list[Row]:
    x = model.preprocessing.tensor(open_image(read_sample("coffee"))).to(model.device)

    def forward() -> None:
        with torch.inference_mode():
            model.network(x)
        _wait_for(x)

    def record_all() -> None:
        record(model, x)
        _wait_for(x)

    recorded, bare = compare(
        partial(seconds_of, record_all), partial(seconds_of, forward), repetitions, warm_up=min(10, repetitions)
    )
    what = f"{model.name} at {model.preprocessing.size} px"
    note = f"medians of {repetitions}, in turns"
    return [
        Row(f"record all layers of {what}, over a bare forward pass", recorded / bare, "x", BOUND, note),
        Row(f"record all layers of {what}", recorded * 1000, "ms"),
        Row(f"bare forward pass of {what}", bare * 1000, "ms"),
    ]


def _wait_for(x: Tensor) -> None:
    """Until the accelerator has done what it was given; the CPU has when the call returns."""
    if x.device.type != "cpu":
        torch.accelerator.synchronize()
