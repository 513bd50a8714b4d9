"""Cover parts of the photo, and watch the score: Occlusion, and what Score-CAM needs for the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.anatomy.inference_copy import bf16_is_faster, inference_copy
from explorer.saliency.attribution import Attributed
from explorer.saliency.heatmap import Progress, SaliencyImpossible, Stopped
from explorer.saliency.scores import TargetScore
from explorer.zoo import VisionModel

PIXELS = 8 * 224**2  # at a time: as fast as more of them, and a fraction of their memory
COARSENESS = 7  # windows that fit side by side


def at_once(x: Tensor) -> int:
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
    looked = torch.ones(len(rows), len(columns), dtype=torch.bool)
    if fast:  # a chessboard
        looked = (torch.arange(len(rows))[:, None] + torch.arange(len(columns))) % 2 == 0
    places = [(rows[row], columns[column]) for row, column in looked.nonzero().tolist()]
    logits = model.logits(x)[0]
    target_score = target_score.settle(logits)
    with torch.inference_mode():
        network = Scorer(model, x, target_score, fast)
        whole = network.score(x)
        scores = []
        batch = at_once(x)
        for start in range(0, len(places), batch):
            some = places[start : start + batch]
            covered = x.repeat(len(some), 1, 1, 1)
            for image, (row, column) in zip(covered, some, strict=True):
                image[:, row : row + window, column : column + window] = 0
            scores.append(network.score(covered))
            report(progress, start + len(some), len(places))
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


class Scorer:
    """The score of many pictures of x's size, as fast as it can be had.

    Attributes:
        halves: whether in half precision, which is so where `fast` is asked for and the device is faster with it.
    """

    def __init__(self, model: VisionModel, x: Tensor, target_score: TargetScore, fast: bool) -> None:
        self.halves = fast and bf16_is_faster(x.device)
        self.dtype = torch.bfloat16 if self.halves else torch.float32
        self.network, self.target_score = inference_copy(model, x, self.dtype), target_score

    def score(self, pictures: Tensor) -> Tensor:
        """From (B, 3, H, W) to (B,)."""
        ready = pictures.to(self.dtype, memory_format=torch.channels_last, copy=True)
        return self.target_score.of_batch(self.network(ready).float())


def report(progress: Progress | None, done: int, total: int) -> None:
    """Tell how far the work is.

    Raises:
        Stopped: `progress` gave False.
    """
    if progress and progress(done, total) is False:
        raise Stopped("Stopped before the heatmap was complete.")
