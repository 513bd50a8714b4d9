"""Score-CAM and Occlusion: cover parts of the photo, and watch the score."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.anatomy import LayerFacts, record
from explorer.anatomy.inference_copy import bf16_is_faster, inference_copy
from explorer.saliency.attribution import Attributed
from explorer.saliency.class_activation import ClassActivationMap
from explorer.saliency.heatmap import Progress, SaliencyImpossible, Stopped
from explorer.saliency.merging import group_similar, mean_of_groups
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel

PIXELS = 8 * 224**2  # at a time: as fast as more of them, and a fraction of their memory
COARSENESS = 7  # windows that fit side by side
LIKE = {True: 2, False: 4}  # maps to one group, where similar ones share a score; in half precision and in single
EPSILON = 1e-8  # where a map is the same everywhere


def score_cam(
    model: VisionModel,
    x: Tensor,
    facts: LayerFacts,
    target_score: TargetScore,
    progress: Progress | None = None,
    fast: bool = False,
) -> ClassActivationMap:
    """Score-CAM (Wang et al. 2020), https://arxiv.org/abs/1910.01279, with a softmax over the weights.

    Each map is stretched to [0, 1], enlarged and multiplied with the photo; the weights are the softmax over all
    channels of the change of the score. Maps that are the same everywhere all leave a photo of the mean colour, which
    is looked at once.

    Args:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        facts: of the layer.
        target_score: the score.
        progress: called after each batch.
        fast: groups of similar maps get one score, in half precision where the device is faster with it.

    Raises:
        Stopped: `progress` gave False.
    """
    recording = record(model, x, [facts.name])
    maps = recording[facts.name].output  # (C, h, w)
    target_score = target_score.settle(recording.logits)
    halves = fast and bf16_is_faster(x.device)
    network = _Scorer(model, x, target_score, halves)
    with torch.inference_mode():
        masks = maps - maps.amin((1, 2), keepdim=True)
        masks = masks / (masks.amax((1, 2), keepdim=True) + EPSILON)
        active = masks.flatten(1).any(1)
        chosen = masks[active]  # (C', h, w)
        places = torch.arange(len(chosen), device=x.device)
        if fast and len(chosen) > LIKE[halves]:
            chosen, places = mean_of_groups(chosen, group_similar(chosen, len(chosen) // LIKE[halves]))
        if not bool(active.all()):
            chosen = torch.cat([chosen, torch.zeros_like(masks[:1])])
        scores = []
        batch = _at_once(x)
        for start in range(0, len(chosen), batch):
            some = chosen[start : start + batch, None]
            wide = F.interpolate(some, x.shape[2:], mode="bilinear", align_corners=False)
            scores.append(network.score(wide * x))
            _report(progress, start + len(some), len(chosen))
        found = torch.cat(scores) - target_score.of_one(recording.logits)
        changes = torch.full((len(maps),), float(found[-1]), dtype=found.dtype, device=found.device)
        changes[active] = found[places]
        weights = changes.softmax(0)
        signed = (weights[:, None, None] * maps).nansum(0)
    return ClassActivationMap(signed, maps, None, recording.logits, target_score)


def _at_once(x: Tensor) -> int:
    """How many pictures of x's size to look at in one go."""
    return min(64, max(1, PIXELS // (x.shape[2] * x.shape[3])))


def occlude(
    model: VisionModel,
    x: Tensor,
    target_score: TargetScore,
    progress: Progress | None = None,
    window: int = 0,
    stride: int = 0,
    fast: bool = False,
) -> Attributed:
    """Occlusion (Zeiler & Fergus 2014), as captum defines it.

    A window is set to zero, which is the mean colour; every pixel gets the mean fall of the score over the windows that
    cover it. Windows that would stick out at the right and at the bottom are cut.

    Args:
        model: from the zoo.
        x: (1, 3, H, W) on the model's device.
        target_score: the score.
        progress: called after each batch.
        window: its side in pixels; a seventh of the photo's if 0.
        stride: from one window to the next; half a window if 0.
        fast: look at every other window only, as on a chessboard, and guess the others from their neighbours; in half
            precision where the device is faster with it.

    Raises:
        SaliencyImpossible: the window is larger than the photo, or the stride larger than the window.
        Stopped: `progress` gave False.
    """
    height, width = x.shape[2:]
    window = window or max(1, round(min(height, width) / COARSENESS))
    stride = stride or max(1, window // 2)
    if window > min(height, width) or stride > window:
        raise SaliencyImpossible(
            f"A window of {window} pixels every {stride} does not cover {height} × {width} pixels."
        )
    rows, columns = (range(0, side - window + stride, stride) for side in (height, width))
    halves = fast and bf16_is_faster(x.device)
    looked = torch.ones(len(rows), len(columns), dtype=torch.bool)
    if fast:  # a chessboard
        looked = (torch.arange(len(rows))[:, None] + torch.arange(len(columns))) % 2 == 0
    places = [(rows[row], columns[column]) for row, column in looked.nonzero().tolist()]
    with torch.inference_mode():
        logits = model.network(x.clone())[0]
        target_score = target_score.settle(logits)
        network = _Scorer(model, x, target_score, halves)
        whole = network.score(x)
        scores = []
        batch = _at_once(x)
        for start in range(0, len(places), batch):
            some = places[start : start + batch]
            covered = x.repeat(len(some), 1, 1, 1)
            for image, (row, column) in zip(covered, some, strict=True):
                image[:, row : row + window, column : column + window] = 0
            scores.append(network.score(covered))
            _report(progress, start + len(some), len(places))
        falls = torch.zeros(looked.shape, device=x.device)
        falls[looked] = whole - torch.cat(scores)
        falls = _fill_in(falls, looked.to(x.device))
        total, count = torch.zeros(height, width, device=x.device), torch.zeros(height, width, device=x.device)
        for i, row in enumerate(rows):
            for j, column in enumerate(columns):
                total[row : row + window, column : column + window] += falls[i, j]
                count[row : row + window, column : column + window] += 1
    return Attributed(total / count, logits, target_score, falls)


def _fill_in(values: Tensor, known: Tensor) -> Tensor:
    """Give what is not known the mean of what is known above, below and beside it. Shapes (rows, columns)."""
    cross = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], device=values.device)[None, None]
    weights = known.to(values.dtype)
    near, count = (F.conv2d(each[None, None], cross, padding=1)[0, 0] for each in (values * weights, weights))
    return torch.where(known, values, near / count.clamp(min=1))


class _Scorer:
    """The score of many pictures, as fast as it can be had."""

    def __init__(self, model: VisionModel, x: Tensor, target_score: TargetScore, halves: bool) -> None:
        self.dtype = torch.bfloat16 if halves else torch.float32
        self.network, self.target_score = inference_copy(model, x, self.dtype), target_score

    def score(self, pictures: Tensor) -> Tensor:
        """From (B, 3, H, W) to (B,)."""
        ready = pictures.to(self.dtype, memory_format=torch.channels_last, copy=True)
        return self.target_score.of_batch(self.network(ready).float())


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress and progress(done, total) is False:
        raise Stopped("Stopped before the heatmap was complete.")
