"""Heatmaps: how long they take, over the libraries called bare, and whether they point at the class."""

import copy
import os
import resource
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import torch
from captum.attr import Occlusion
from PIL import Image
from pytorch_grad_cam import GradCAM as OtherGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from streamlit.testing.v1 import AppTest
from torch import Tensor
from torch.nn import functional as F
from torchcam.methods import GradCAM, ScoreCAM

from benchmarks.browsing import open_dashboard
from benchmarks.isolation import call_in_fresh_process
from benchmarks.results import Row
from benchmarks.timing import compare, seconds_of
from explorer.adversarial.attacks import BOUNDS, STEPS, grow_in_slices
from explorer.anatomy.inference_copy import bf16_is_faster
from explorer.datasets import DatasetMissing
from explorer.images import open_image
from explorer.saliency import (
    FAST,
    METHODS,
    agreement,
    class_relevance,
    explain,
    possible_methods,
    rollout,
    self_attention,
)
from explorer.saliency.fast_mode import Likeness
from explorer.samples import read_sample
from explorer.slices import finish
from explorer.training.datasets import load_split
from explorer.zoo import VisionModel, load_model, random_model
from explorer.zoo.download import is_cached
from tests.browser.find_browser import BrowserMissing

GRAD_CAM_BOUND, EXACT_BOUND, FAST_BOUND = 1.1, 0.9, 0.25
SAME = 1e-3  # of the largest value
APART = 0.05  # 1 - rank correlation of a fast map and the exact one
MISSED = 20  # per cent of a Grad-CAM on the half without the class
MEMORY = 1000  # MB
PHOTOS, PAIRS, SLOW_PAIRS = 20, 20, 5
TENFOLD = ("ss-cam", "is-cam")  # ten passes for one of Score-CAM: as few photos as pairs, and only in a small network
FRAME_BOUND, WARM_UP = 125, 10  # ms from one frame of the camera to the next; frames that are not counted
PAGE = Path(__file__).parents[1] / "pages" / "saliency.py"
TARGET = 3
DEFAULT = "efficientnet-lite0"


def measure(quick: bool) -> list[Row]:
    """Timings with one model, layer and image each; then photos from Imagenette, where they are at hand."""
    if "EXPLORER_DATA" in os.environ:
        os.environ.setdefault("TORCH_HOME", str(Path(os.environ["EXPLORER_DATA"]) / "torch-home"))
    resnet, photo_net = random_model("resnet18"), load_model("photo-net", device="cpu")
    rows = [
        *_grad_cam(resnet, "layer4", "layer4.1.relu_1", repetitions=5 if quick else 60),
        *_grad_cam(photo_net, "stages", "stages.stage3.block2.relu2", repetitions=5 if quick else 200),
        *_grad_cam(load_model(DEFAULT, device="cpu"), "head", "head.relu", repetitions=5 if quick else 100),
        *_slow_methods(resnet, side=64 if quick else 224, repetitions=1 if quick else 3),
        Row(
            "memory that Score-CAM with 512 channels takes on top, ResNet-18 at 224 px",
            call_in_fresh_process(grow_by_score_cam),
            "MB",
            MEMORY,
            "peak of a process of its own, less what it had before",
        ),
        _rerun(repetitions=2 if quick else 20),
        _all_methods("tiny-vgg" if quick else DEFAULT),
        _live(frames=5 if quick else 80),
        _attack(repetitions=1 if quick else 5),
    ]
    try:
        photos = draw_photos(photo_net)
    except DatasetMissing as missing:
        return [*rows, Row("heatmaps of Imagenette's photos", None, "%", note=str(missing))]
    rows += _fast_and_exact(photo_net, photos[: 2 if quick else PHOTOS])
    rows += _pointing(photo_net, photos, quick)
    rows += _attention_pointing(load_model("photo-vit", device="cpu"), photos, quick)
    if not is_cached("mobilenet_v2"):
        return [*rows, Row("pointing of mobilenet_v2", None, "%", note="its weights are not on this machine")]
    return rows + _pointing(load_model("mobilenet_v2", device="cpu"), photos, quick)


def _live(frames: int) -> Row:
    """How long after one frame of a made-up camera the next one is drawn with its heatmap, at 160 px."""
    what = f"from frame to frame of the camera, Grad-CAM of {DEFAULT} at 160 px"
    answered = "([frame, count]) => Number(frame.dataset.answers) >= count"
    try:
        with open_dashboard() as (page, address):
            page.goto(f"{address}/saliency?part=Live&model={DEFAULT}")
            page.locator("canvas.seen[data-drawn]").wait_for()
            page.get_by_role("button", name="Start the camera").click()
            frame = page.locator(".frame[data-answers]").element_handle()
            page.wait_for_function(answered, arg=[frame, WARM_UP])
            took = seconds_of(lambda: page.wait_for_function(answered, arg=[frame, WARM_UP + frames]))
    except BrowserMissing as missing:
        return Row(what, None, "ms", FRAME_BOUND, str(missing))
    return Row(what, 1000 * took / frames, "ms", FRAME_BOUND, f"mean of {frames}; eight frames a second are 125 ms")


def _input(model: VisionModel, side: int = 0) -> Tensor:
    preprocessing = model.preprocessing.with_size(side) if side else model.preprocessing
    return preprocessing.tensor(open_image(read_sample("coffee")))


def _attack(repetitions: int) -> Row:
    """Projected gradient descent under all bounds, as the part "Fool it" begins."""
    model = load_model(DEFAULT, device="cpu")
    photo = model.preprocessing.pixels(open_image(read_sample("cat")))
    times = [seconds_of(lambda: finish(grow_in_slices(model, photo, "projected"))) for _ in range(repetitions)]
    note = f"{STEPS} steps under each of {len(BOUNDS)} bounds; it has a bar and a button to stop"
    return Row(f"fool {DEFAULT} by projected gradient descent", median(times), "s", note=note)


def _grad_cam(model: VisionModel, module: str, layer: str, repetitions: int) -> list[Row]:
    """From the tensor to a heatmap of the picture's size; the libraries' extractors are made once, before."""
    x = _input(model)
    target = explain(model, x, "grad-cam").target
    first, second = (copy.deepcopy(model.network).requires_grad_(True) for _ in range(2))
    extractor = GradCAM(first, module)
    other = OtherGradCAM(second, [second.get_submodule(module)])

    def torchcam() -> None:
        scores = first(x)
        small = extractor(target, scores)[0]
        F.interpolate(small[None], x.shape[2:], mode="bilinear")

    def pytorch_grad_cam() -> None:
        other(input_tensor=x, targets=[ClassifierOutputTarget(target)])

    def ours() -> None:
        explain(model, x, "grad-cam", target, layer)

    rows, ratios = [], []
    for name, bare in (("torchcam", torchcam), ("pytorch-grad-cam", pytorch_grad_cam)):
        own, theirs = compare(partial(seconds_of, ours), partial(seconds_of, bare), repetitions, warm_up=5)
        ratios.append(own / theirs)
        rows.append(Row(f"Grad-CAM of {model.name} by {name}, bare", theirs * 1000, "ms"))
    what = f"Grad-CAM of {model.name} at {model.preprocessing.size} px"
    note = f"medians of {repetitions}, in turns"
    return [
        Row(f"{what}, over the faster of torchcam and pytorch-grad-cam", max(ratios), "x", GRAD_CAM_BOUND, note),
        *rows,
    ]


def _slow_methods(model: VisionModel, side: int, repetitions: int) -> list[Row]:
    """The exact and the fast mode over the libraries."""
    x = _input(model, side)
    window = round(side / 7)
    network = copy.deepcopy(model.network)

    def score_cam() -> Tensor:
        with ScoreCAM(network, "layer4") as extractor, torch.inference_mode():
            network(x)
            return extractor(TARGET, normalized=False)[0][0]

    def occlusion(at_once: int) -> Tensor:
        shape, strides = (3, window, window), (3, window // 2, window // 2)
        return Occlusion(network).attribute(x, shape, strides, target=TARGET, perturbations_per_eval=at_once)[0].mean(0)

    rows = []
    sides: list[tuple[str, str, Callable[[], Tensor], str]] = [
        ("score-cam", "torchcam", score_cam, ""),
        ("occlusion", "captum", partial(occlusion, 1), ""),
        ("occlusion", "captum in batches of 16", partial(occlusion, 16), "the faster way to call it"),
    ]
    for method, library, bare, note in sides:
        name = f"{METHODS[method].label} of {model.name} at {side} px"
        for mode, fast, bound in (("", False, EXACT_BOUND), (", fast mode", True, FAST_BOUND)):
            run = partial(explain, model, x, method, TARGET, fast=fast)
            own, theirs = compare(partial(seconds_of, run), partial(seconds_of, bare), repetitions, warm_up=0)
            rows.append(Row(f"{name}{mode}, over {library}", own / theirs, "x", bound, note))
        heatmap = explain(model, x, method, TARGET)
        got, wanted = heatmap.raw if method == "score-cam" else heatmap.values, bare().numpy()
        assert got is not None
        difference = float(np.abs(got - wanted).max() / np.abs(wanted).max())
        rows.append(Row(f"{name}, largest difference to {library}", difference, "of the largest value", SAME))
        rows.append(Row(f"{name} by {library}, bare", theirs, "s"))
    return rows


def _rerun(repetitions: int) -> Row:
    """The page when the opacity of six heatmaps that are known changes."""
    app = AppTest.from_file(str(PAGE), default_timeout=300)
    app.query_params["model"] = "photo-net"
    app.query_params["panels"] = "6"
    app.run()
    seconds = []
    for opacity in range(repetitions + 1):
        app.slider(key="opacity").set_value(5 * (opacity % 21))
        seconds.append(seconds_of(app.run))
        if app.exception or app.error:
            raise RuntimeError(f"The page shows an error: {[*app.exception, *app.error]}")
    note = f"AppTest, its own parsing included; median of {repetitions}"
    return Row(
        "page rerun when six heatmaps are drawn with another opacity", median(seconds[1:]) * 1000, "ms", note=note
    )


def _all_methods(name: str) -> Row:
    """From the click on "All methods" to the whole grid, every heatmap tested, the slow ones in their fast modes."""
    app = AppTest.from_file(str(PAGE), default_timeout=1800)
    app.query_params["model"] = name
    app.query_params["panels"] = "1"
    app.run()  # opens the network
    seconds = seconds_of(app.segmented_control(key="part").set_value("all").run)
    if app.exception or app.error:
        raise RuntimeError(f"The page shows an error: {[*app.exception, *app.error]}")
    count = len(app.table[0].value) - 2  # a random map and a blob are tested too
    return Row(
        f"all methods of {name}, tested and sorted", seconds, "s", note=f"{count} heatmaps, once; a bar and Stop"
    )


def grow_by_score_cam() -> float:
    """MB of peak memory that one Score-CAM adds."""
    model = random_model("resnet18")
    x = _input(model)
    explain(model, x, "grad-cam", TARGET)
    before = psutil.Process().memory_info().rss / 2**20
    explain(model, x, "score-cam", TARGET)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20 - before


def draw_photos(judge: VisionModel) -> list[tuple[Image.Image, str]]:
    """Validation photos and their classes that a network knows alone, in an order drawn once."""
    data = load_split("imagenette", "val")
    chosen = []
    for index in np.random.default_rng(0).permutation(len(data.labels))[: 4 * PAIRS]:
        image = Image.fromarray(data.images[index].permute(1, 2, 0).numpy())
        label = data.classes[int(data.labels[index])]
        with torch.inference_mode():
            top = int(judge.network(judge.preprocessing.tensor(image)).argmax())
        if judge.classes[top] == label:
            chosen.append((image, label))
    return chosen


def compare_modes(model: VisionModel, photos: list[tuple[Image.Image, str]]) -> list[Likeness]:
    """How like the fast maps of the most probable class are to the exact ones."""
    found = []
    for method in FAST:
        likes = []
        shown = photos[:SLOW_PAIRS] if method in TENFOLD else photos
        for image, _ in shown:
            x = model.preprocessing.tensor(image)
            maps = [explain(model, x, method, fast=fast).values for fast in (False, True)]
            likes.append(float(agreement(maps)[0, 1]))
        halves = bf16_is_faster(model.device)
        mean, today = float(np.mean(likes)), date.today().isoformat()
        found.append(Likeness(method, model.name, round(mean, 4), round(min(likes), 4), len(shown), halves, today))
    return found


def _fast_and_exact(model: VisionModel, photos: list[tuple[Image.Image, str]]) -> list[Row]:
    rows = []
    for each in compare_modes(model, photos):
        name = f"{METHODS[each.method].label} of {model.name}, fast mode: 1 - rank correlation to the exact one"
        rows.append(Row(name, 1 - each.mean, "", APART, f"mean of {each.photos} photos, worst {1 - each.least:.3f}"))
    return rows


def _pointing(model: VisionModel, photos: list[tuple[Image.Image, str]], quick: bool) -> list[Row]:
    """Two photos side by side: how much of a heatmap lies on the half that does not hold the class."""
    rows = []
    for name in possible_methods(model, next(_pairs(model, photos, 1))[0]):
        if name in TENFOLD and model.name != "photo-net":
            continue
        method = METHODS[name]
        count = 1 if quick else SLOW_PAIRS if method.slow else PAIRS
        missed = []
        for x, left, right in _pairs(model, photos, count):
            middle = x.shape[3] // 2
            for target, other in ((left, np.s_[:, middle:]), (right, np.s_[:, :middle])):
                mass = explain(model, x, name, target, fast=True).values.clip(0)
                missed.append(float(mass[other].sum() / mass.sum()) if mass.any() else 0.5)
        what = f"{method.label} of {model.name} on the half without the class"
        bound = MISSED if name == "grad-cam" else None
        rows.append(Row(what, 100 * float(np.mean(missed)), "%", bound, f"of the heatmap, mean of {count} pairs"))
    return rows


def _attention_pointing(model: VisionModel, photos: list[tuple[Image.Image, str]], quick: bool) -> list[Row]:
    """The same for a transformer's attention: rollout has no class, so it is asked about the one that it names."""
    by_rollout, by_class, by_legrad = [], [], []
    count = 1 if quick else PAIRS
    for x, left, right in _pairs(model, photos, count):
        with torch.inference_mode():
            logits = model.network(x)[0]
        rolled = rollout(self_attention(model, x))
        by_rollout.append(_missed(rolled, at_left=bool(logits[left] > logits[right])))
        for target in (left, right):
            by_class.append(_missed(class_relevance(model, x, target), target == left))
            legrad = explain(model, x, "legrad", target).raw
            assert legrad is not None
            by_legrad.append(_missed(torch.from_numpy(legrad), target == left))
    note = f"of the map, mean of {count} pairs"
    return [
        Row(f"LeGrad of {model.name} on the half without the class", 100 * float(np.mean(by_legrad)), "%", None, note),
        Row(
            f"Rollout of {model.name} on the half without the class that it finds more probable",
            100 * float(np.mean(by_rollout)),
            "%",
            MISSED,
            note,
        ),
        Row(
            f"Rollout for a class of {model.name} on the half without the class",
            100 * float(np.mean(by_class)),
            "%",
            MISSED,
            note,
        ),
    ]


def _missed(values: Tensor, at_left: bool) -> float:
    """The share of a map (rows, columns) that lies on the other half; half of it where the map is empty."""
    middle = values.shape[1] // 2
    other = values[:, middle:] if at_left else values[:, :middle]
    return float(other.sum() / values.sum()) if values.any() else 0.5


def _pairs(model: VisionModel, photos: list[tuple[Image.Image, str]], count: int) -> Iterator[tuple[Tensor, int, int]]:
    """Inputs of twice the width, and the classes at the left and at the right."""
    places = range(0, len(photos) - 1, 2)
    differing = [place for place in places if photos[place][1] != photos[place + 1][1]]
    for place in differing[:count]:
        both = photos[place : place + 2]
        x = torch.cat([model.preprocessing.tensor(image) for image, _ in both], dim=3)
        left, right = (model.classes.index(label) for _, label in both)
        yield x, left, right
