"""Whether a heatmap is faithful: what happens to the probability when the bright places go, or are all there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal, Protocol, get_args

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor
from torchvision.transforms import functional as TF

from explorer.saliency.heatmap import Progress, Stopped
from explorer.zoo import Preprocessing, VisionModel

Baseline = Literal["blur", "grey", "black"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)
BATCH = 16  # images at a time
BLUR = 1 / 20  # standard deviation, as a share of the shorter side: shapes go, colours stay


class Prepared(Protocol):
    """Whatever sees normalised pictures: a classifier, a captioner."""

    @property
    def preprocessing(self) -> Preprocessing:
        """From an image to its input."""


@dataclass(frozen=True, eq=False)
class Curves:
    """The target's probability while a heatmap's pixels go and come, the brightest first.

    Attributes:
        fractions: (steps + 1,) of the pixels, from 0 to 1.
        deletion: (steps + 1,) probabilities while pixels become the baseline: a good map makes them fall fast.
        insertion: (steps + 1,) probabilities while pixels come back: a good map makes them rise fast.
    """

    fractions: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    @property
    def deletion_area(self) -> float:
        """Under the curve, by trapezoids; from 0, the best, to 1."""
        return float(np.trapezoid(self.deletion, self.fractions))

    @property
    def insertion_area(self) -> float:
        """Under the curve, by trapezoids; from 0 to 1, the best."""
        return float(np.trapezoid(self.insertion, self.fractions))


def deletion_insertion(
    model: VisionModel,
    x: Tensor,
    values: np.ndarray,
    target: int,
    steps: int = 32,
    baseline: Baseline = "blur",
    progress: Progress | None = None,
) -> Curves:
    """Deletion and insertion (Petsiuk et al. 2018, "RISE").

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        values: (H, W) a heatmap; pixels are taken in falling order of it, equal ones from the top left, and what is no
            number last.
        target: index of the class.
        steps: portions of equal size that the pixels are taken in.
        baseline: what stands for nothing: the picture blurred, the mean colour, or black. No choice is neutral: a
            network may take an edge of black for an object.
        progress: called with (images done, images in all); may return False to stop.

    Raises:
        ValueError: the heatmap has another size than x, or there is no such baseline.
        Stopped: `progress` returned False.
    """
    x = x.detach().to(model.device)
    _check_size(x, values)
    nothing = make_baseline(model, x, baseline)
    heat = np.where(np.isnan(values), -np.inf, values).ravel()
    ranks = np.empty(heat.size, np.int64)
    ranks[np.argsort(-heat, kind="stable")] = np.arange(heat.size)
    order = torch.from_numpy(ranks).reshape(values.shape).to(x.device)  # (H, W) 0 for the brightest pixel
    fractions = np.linspace(0, 1, steps + 1)
    taken = [round(fraction * heat.size) for fraction in fractions]
    probabilities = {}
    done, total = 0, 2 * len(taken)
    for name, before, after in (("deletion", x, nothing), ("insertion", nothing, x)):
        found = []
        for start in range(0, len(taken), BATCH):
            counts = torch.tensor(taken[start : start + BATCH], device=x.device)[:, None, None, None]
            found.append(_probabilities(model, torch.where(order < counts, after, before), target))
            done += len(counts)
            if progress and progress(done, total) is False:
                raise Stopped("Stopped before the curves were complete.")
        probabilities[name] = np.concatenate(found)
    return Curves(fractions, probabilities["deletion"], probabilities["insertion"])


def make_baseline(model: Prepared, x: Tensor, baseline: Baseline) -> Tensor:
    """A picture without what is in it, (1, 3, H, W) normalised: blurred, the mean colour everywhere, or black.

    Raises:
        ValueError: there is no such baseline.
    """
    if baseline == "blur":
        spread = BLUR * min(x.shape[2:])
        # A kernel may not be wider than the picture with its reflections.
        reach = min(ceil(2 * spread), min(x.shape[2:]) - 1)
        return TF.gaussian_blur(x, [2 * reach + 1] * 2, [spread] * 2)
    if baseline == "grey":
        return torch.zeros_like(x)
    if baseline == "black":
        mean, std = (
            torch.tensor(each, device=x.device) for each in (model.preprocessing.mean, model.preprocessing.std)
        )
        return (-mean / std)[None, :, None, None].expand_as(x).clone()
    raise ValueError(f"There is no baseline {baseline!r}; there are {', '.join(BASELINES)}.")


@dataclass(frozen=True)
class MaskedConfidence:
    """The target's probability for the whole picture, and for what its heatmap lights up.

    Attributes:
        whole, lit: probabilities.
    """

    whole: float
    masked: float

    @property
    def drop(self) -> float:
        """The share of the probability that is lost, from 0, the best, to 1; 0 where it rises."""
        return max(0.0, self.whole - self.masked) / self.whole if self.whole > 0 else 0.0

    @property
    def increased(self) -> bool:
        """Whether the lit part alone is more convincing than the whole."""
        return self.masked > self.whole


def masked_confidence(model: VisionModel, x: Tensor, values: np.ndarray, target: int) -> MaskedConfidence:
    """Show the network only what a heatmap lights up (Chattopadhay et al. 2018, "Grad-CAM++", section 4.1).

    The heatmap is stretched to [0, 1] and multiplied with the normalised picture: what is dark becomes the mean colour.
    What is below zero counts as dark; a map that is the same everywhere is dark as a whole.

    Args:
        model: from the zoo.
        x: (1, 3, H, W), normalised.
        values: (H, W) a heatmap.
        target: index of the class.

    Raises:
        ValueError: the heatmap has another size than x.
    """
    x = x.detach().to(model.device)
    _check_size(x, values)
    heat = torch.from_numpy(np.nan_to_num(values, nan=0.0).clip(0).astype(np.float32)).to(x.device)
    heat = heat - heat.min()
    mask = heat / heat.max() if heat.any() else heat
    whole, masked = _probabilities(model, torch.cat([x, mask * x]), target)
    return MaskedConfidence(float(whole), float(masked))


def average_drop(kept: Sequence[MaskedConfidence]) -> float:
    """Mean of the drops over pictures, a share: "average drop %" of Chattopadhay et al. 2018 over 100."""
    return float(np.mean([each.drop for each in kept]))


def increase(kept: Sequence[MaskedConfidence]) -> float:
    """Share of the pictures whose probability rises: their "% increase in confidence" over 100."""
    return float(np.mean([each.increased for each in kept]))


def random_map(size: tuple[int, int], seed: int = 0, cells: int = 0) -> np.ndarray:
    """(H, W) float32 of noise from 0 to 1: what any map should beat.

    Args:
        size: rows and columns.
        seed: the same for the same.
        cells: draw so many by so many values and enlarge them, as coarse as a class activation map; every pixel its
            own if 0.
    """
    draw = np.random.default_rng(seed)
    if not cells:
        return draw.random(size, dtype=np.float32)
    coarse = torch.from_numpy(draw.random((cells, cells), dtype=np.float32))
    fine = torch.nn.functional.interpolate(coarse[None, None], size, mode="bilinear", align_corners=False)
    return fine[0, 0].numpy()


def centred_blob(size: tuple[int, int], spread: float = 0.25) -> np.ndarray:
    """(H, W) float32, a Gaussian with maximum 1 in the middle: photographers put things there.

    Args:
        size: rows and columns.
        spread: standard deviation as a share of each side.
    """
    rows, columns = (((np.arange(side) + 0.5) / side - 0.5) / spread for side in size)
    return np.exp(-0.5 * (rows[:, None] ** 2 + columns[None, :] ** 2)).astype(np.float32)


def agreement(maps: Sequence[np.ndarray]) -> np.ndarray:
    """(N, N) Spearman rank correlations between heatmaps of one size.

    NaN in the row and column of a map that is the same everywhere or not a number: it has no order.

    Raises:
        ValueError: the maps differ in size.
    """
    if len({each.shape for each in maps}) > 1:
        raise ValueError("Only heatmaps of one size can be compared.")
    unit = []
    for each in maps:
        ranks = rankdata(each.ravel()) if np.isfinite(each).all() else np.full(each.size, np.nan)
        ranks -= ranks.mean()
        length = np.linalg.norm(ranks)
        unit.append(ranks / length if length > 0 else np.full(each.size, np.nan))
    stacked = np.stack(unit)  # (N, H * W)
    return np.clip(stacked @ stacked.T, -1, 1)


def _check_size(x: Tensor, values: np.ndarray) -> None:
    if values.shape != tuple(x.shape[2:]):
        raise ValueError(f"The heatmap has {values.shape} values, the input {tuple(x.shape[2:])} pixels.")


def _probabilities(model: VisionModel, x: Tensor, target: int) -> np.ndarray:
    return model.logits(x).softmax(1)[:, target].numpy()
