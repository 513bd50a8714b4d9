"""`python -m benchmarks.device`: whether a GPU gives what the CPU gives, also to two at once, and how soon.

Apart from the other benchmarks, since these are for machines with CUDA. The table is printed, and not kept.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.feature_visualization import DEFAULT, MIDDLE
from benchmarks.results import Row, describe_machine, format_table
from benchmarks.timing import compare, seconds_of
from explorer.adversarial.attacks import STEPS as ATTACK_STEPS
from explorer.adversarial.attacks import grow_in_slices
from explorer.anatomy import record, summarize_layers
from explorer.captioning import load_captioner
from explorer.device import DeviceUnavailable, list_devices, resolve_device
from explorer.feature_visualization import STEPS, Objective, Recipe, grow
from explorer.images import open_image
from explorer.picture_features.album import gather_album
from explorer.picture_features.features import read_features, spread_layers
from explorer.saliency import METHODS, agreement, explain, find_concepts
from explorer.saliency.live.frame import see_frame
from explorer.samples import SAMPLES, read_sample
from explorer.slices import finish
from explorer.zoo import load_model

SAME = 1e-3  # of the largest value
LIKE = 0.05  # of a value that many steps climb to
KEPT = 1  # MB
PHOTOS = ("cat", "coffee")  # of two sessions
CONCEPTS, LIVE = 4, 160  # LIVE: pixels of a frame


@dataclass(frozen=True)
class Found:
    """What a device gave.

    Attributes:
        numbers: arrays, each compared by the largest value of its own.
        said: words, classes and the like, which have to be the very same.
    """

    numbers: Sequence[NDArray[np.generic]]
    said: tuple[object, ...] = ()


Work = Callable[[str], Found]  # given the name of a sample photograph


def largest_difference(found: Found, wanted: Found) -> float:
    """Of all numbers, of the largest value of their array; infinite where something else is said."""
    if found.said != wanted.said or [each.shape for each in found.numbers] != [each.shape for each in wanted.numbers]:
        return math.inf
    pairs = [(a.astype(np.float64), b.astype(np.float64)) for a, b in zip(found.numbers, wanted.numbers, strict=True)]
    return max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-12)) for a, b in pairs)


def disorder(found: Found, wanted: Found) -> float:
    """1 - rank correlation of two heatmaps, for gradients at pixels.

    Where a rectifier is nearly at its edge, rounding opens or shuts it, and the gradients of some pixels jump.
    """
    return 1 - float(agreement([found.numbers[0], wanted.numbers[0]])[0, 1])


@dataclass(frozen=True)
class Check:
    """One thing to do on both devices.

    Attributes:
        name: what is done.
        open: from a device to the work, with networks and whatever else needs to be there once.
        differ: how far what was found is from what is wanted.
        bound: of that.
        note: how it is compared, where that is not obvious.
    """

    name: str
    open: Callable[[str], Work]
    differ: Callable[[Found, Found], float] = largest_difference
    bound: float = SAME
    note: str = ""


def list_checks(quick: bool) -> list[Check]:
    """What is checked: of the default network, a transformer and a captioner, or quickly of the smallest network."""
    network, middle = ("tiny-vgg", "features.conv2_2") if quick else (DEFAULT, MIDDLE)
    steps, attack_steps = (2, 2) if quick else (STEPS, ATTACK_STEPS)
    methods = [("grad-cam", None), ("smooth-grad-cam-pp", None), ("score-cam", middle)]
    methods += [("smoothgrad", None), ("integrated-gradients", None)]
    checks = [
        Check(
            f"record all layers of {network}", partial(_layers, network), note="every layer by its own largest value"
        ),
        *(_heatmap(network, method, layer) for method, layer in methods),
        Check(f"{CONCEPTS} concepts of {network}", partial(_concepts, network)),
        Check(f"one frame of the camera at {LIVE} px, {network}", partial(_frame, network)),
        Check(f"features of {len(SAMPLES) - 1} pictures by {network}", partial(_features, network)),
        Check(
            f"input grown in {steps} steps for a channel of {network}",
            partial(_preferred, network, middle, steps),
            bound=LIKE,
            note="the channel's value; each step builds on what rounding left of the one before, and pixels part",
        ),
        Check(
            f"fool {network} by projected gradient descent",
            partial(_attack, network, attack_steps),
            note="which bounds fool it, and that they hold; pixels part, since a step is the sign of a gradient",
        ),
    ]
    if not quick:
        checks += [
            _heatmap("photo-vit", "legrad", None),
            Check("describe a photo, beam of 3", _caption, note="the same words; their log probabilities"),
        ]
    return checks


@cache
def _open(name: str) -> Image.Image:
    return open_image(read_sample(name))


def _heatmap(network: str, method: str, layer: str | None) -> Check:
    def open_on(device: str) -> Work:
        model = load_model(network, device)

        def work(photo: str) -> Found:
            x = model.preprocessing.tensor(_open(photo))
            return Found([explain(model, x, method, layer=layer).values])

        return work

    name = f"{METHODS[method].label} of {network}" + (f" at {layer}" if layer else "")
    if METHODS[method].family == "attribution":
        return Check(name, open_on, disorder, note="1 - rank correlation of the pixels")
    return Check(name, open_on)


def _layers(network: str, device: str) -> Work:
    model = load_model(network, device)

    def work(photo: str) -> Found:
        recording = record(model, model.preprocessing.tensor(_open(photo)))
        return Found([each.output.cpu().numpy() for each in recording])

    return work


def _concepts(network: str, device: str) -> Work:
    model = load_model(network, device)

    def work(photo: str) -> Found:
        found = find_concepts(model, model.preprocessing.tensor(_open(photo)), CONCEPTS)
        return Found([found.factors.maps, found.factors.directions, found.gains])

    return work


def _frame(network: str, device: str) -> Work:
    model = load_model(network, device)
    preprocessing = model.preprocessing.with_size(min(LIVE, model.preprocessing.size))

    def work(photo: str) -> Found:
        seen = see_frame(model, preprocessing.tensor(_open(photo)))
        return Found([seen.probabilities, seen.heatmap, seen.maps], (seen.target,))

    return work


def _features(network: str, device: str) -> Work:
    model = load_model(network, device)
    side = model.preprocessing.size
    layers = spread_layers(summarize_layers(model, torch.zeros(1, 3, side, side)))
    albums = {}
    for photo in PHOTOS:
        others = [each.name for each in SAMPLES if each.name != photo]
        albums[photo] = gather_album(photo, [(name, _open(name)) for name in others])
    return lambda photo: Found([*finish(read_features(model, albums[photo], layers)).layers.values()])


def _preferred(network: str, layer: str, steps: int, device: str) -> Work:
    model = load_model(network, device)

    def work(photo: str) -> Found:
        channel = PHOTOS.index(photo)  # nothing is asked of a photo here: another channel for each session
        return Found([finish(grow(model, Objective("channel", layer, channel), Recipe(steps=steps))).values])

    return work


def _attack(network: str, steps: int, device: str) -> Work:
    model = load_model(network, device)

    def work(photo: str) -> Found:
        growth = finish(grow_in_slices(model, model.preprocessing.pixels(_open(photo)), "projected", steps=steps))
        within = [np.abs(growth.change(index)).max() <= bound for index, bound in enumerate(growth.bounds)]
        return Found([growth.probabilities[:1]], (all(within), *growth.fooled.tolist()))

    return work


def _caption(device: str) -> Work:
    captioner = load_captioner(device=device)

    def work(photo: str) -> Found:
        caption = captioner.describe(_open(photo))
        return Found([caption.log_probabilities, caption.attention], caption.words)

    return work


def check_device(device: str, check: Check, repetitions: int) -> list[Row]:
    """Rows of one check: the difference to the CPU, to one session alone, the time over the CPU's, and the memory."""
    on_cuda = device.startswith("cuda")
    here, there = check.open("cpu"), check.open(device)
    if on_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    alone = {photo: there(photo) for photo in PHOTOS}  # warms up as well
    before = torch.cuda.memory_allocated(device) if on_cuda else 0
    first, wanted = alone[PHOTOS[0]], here(PHOTOS[0])
    cpu, own = compare(
        partial(seconds_of, partial(here, PHOTOS[0])), partial(seconds_of, partial(there, PHOTOS[0])), repetitions, 0
    )
    rows = [
        Row(f"{check.name}: difference to the CPU", check.differ(first, wanted), "", check.bound, check.note),
        Row(f"{check.name}: time over the CPU's", own / cpu, "x", note=f"{own * 1000:.3g} over {cpu * 1000:.3g} ms"),
    ]
    if on_cuda:
        peak, kept = torch.cuda.max_memory_allocated(device), torch.cuda.memory_allocated(device) - before
        rows += [
            Row(f"{check.name}: peak memory on the device", peak / 2**20, "MB"),
            Row(f"{check.name}: memory on the device that it keeps, run again", kept / 2**20, "MB", KEPT),
        ]
    with ThreadPoolExecutor(len(PHOTOS)) as pool:
        asked = PHOTOS * repetitions
        together = list(pool.map(there, asked))
    apart = max(check.differ(found, alone[photo]) for photo, found in zip(asked, together, strict=True))
    return [*rows, Row(f"{check.name}: two sessions at once, difference to one alone", apart, "", check.bound)]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every bound holds, or where there is nothing to check; else 1."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device", description=__doc__)
    parser.add_argument("--device", help="the first CUDA device unless given; the CPU is compared with itself")
    parser.add_argument("--quick", action="store_true", help="a small network and few steps: whether it works")
    options = parser.parse_args(arguments)
    found = next((each.name for each in list_devices() if each.name.startswith("cuda")), None)
    if options.device is None and found is None:
        print("There is no CUDA device on this machine: nothing is checked.")
        return 0
    try:
        device = str(resolve_device(options.device or found))
    except DeviceUnavailable as problem:
        parser.error(str(problem))

    header = {**describe_machine(), "device": device, "quick": options.quick}
    rows: list[Row] = []
    for check in list_checks(options.quick):
        start = time.perf_counter()
        rows += check_device(device, check, repetitions=1 if options.quick else 3)
        print(f"{check.name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(format_table(header, rows))
    return 1 if any(row.holds is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
