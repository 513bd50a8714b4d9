"""Every kind of pooling on one picture: what comes out, what is left when it is un-pooled, and how much is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.operations.layer_line import layer_line
from explorer.operations.pooling import PLACED, POOLINGS, Pooling, PoolingKind, build_pooling, pool, psnr, unpool
from explorer.snippet import snippet

POOLING_LABELS: dict[PoolingKind, str] = {
    "max": "Max",
    "average": "Average",
    "l2": "L2",
    "adaptive": "Adaptive average",
    "global": "Global average",
    "convolution": "Strided convolution",
    "slicing": "Strided slicing",
}
POOLING_NOTES: dict[PoolingKind, str] = {
    "max": "The largest value of every window.",
    "average": "The mean of every window; padded zeros count.",
    "l2": "The root of the sum of squares of every window; drawn divided by the window's side.",
    "adaptive": "The mean of windows spread evenly over the whole input, as many as the others have. No padding.",
    "global": "The mean of everything: one number for each channel.",
    "convolution": "Each channel by itself through a fixed binomial blur of the window's size. "
    "A window of 2 is the average.",
    "slicing": "One cell of every stride; it looks at no window and adds no padding.",
}


@dataclass(frozen=True, eq=False)
class PooledPicture:
    """What one kind of pooling made of a picture.

    Attributes:
        kind: of pooling.
        output: (C, h, w), PyTorch's.
        pooled: the output as large as the picture's values: an L2 value grows with the window, and is divided by its
            side.
        restored, spread: (C, H, W) un-pooled, values where they were or all over their windows.
        psnr, psnr_spread: in dB, of both ways; the same where there is only one.
    """

    kind: PoolingKind
    output: NDArray[np.float32]
    pooled: NDArray[np.float32]
    restored: NDArray[np.float32]
    spread: NDArray[np.float32]
    psnr: float
    psnr_spread: float

    def describe_loss(self) -> str:
        """How close the un-pooled picture comes."""
        lost = describe_psnr(self.psnr)
        return f"{lost} in place, {describe_psnr(self.psnr_spread)} spread" if self.kind in PLACED else lost


@dataclass(frozen=True, eq=False)
class PoolingComparison:
    """All kinds side by side.

    Attributes:
        values: (C, H, W) that was pooled.
        kinds: by name.
        cells: (C, h, w, 2) rows and columns that max pooling took its values from.
    """

    values: NDArray[np.float32]
    kinds: dict[PoolingKind, PooledPicture]
    cells: NDArray[np.int64]


def compare_poolings(x: Tensor, window: int, stride: int, padding: int) -> PoolingComparison:
    """Every kind of pooling on a photo (3, H, W), 0 to 1, or a map (1, H, W), for settings that are possible.

    PSNR goes by the full range of a photo, whichever it uses; a map has no bounds but its own.
    """
    span = 1.0 if len(x) == 3 else None
    kinds: dict[PoolingKind, PooledPicture] = {}
    cells = np.zeros((1, 1, 1, 2), np.int64)
    for kind in POOLINGS:
        pooled = pool(x, Pooling(kind, window, stride, padding))
        restored, spread = unpool(pooled), unpool(pooled, filled=True)
        if kind == "max" and pooled.sources is not None:
            cells = pooled.sources.numpy()
        output: NDArray[np.float32] = pooled.output.numpy()
        kinds[kind] = PooledPicture(
            kind,
            output,
            (output / window).astype(np.float32) if kind == "l2" else output,
            restored.numpy(),
            spread.numpy(),
            psnr(x, restored, span),
            psnr(x, spread, span),
        )
    return PoolingComparison(x.numpy(), kinds, cells)


def describe_psnr(value: float) -> str:
    """A PSNR as text."""
    if isnan(value):
        return "no PSNR: the map is constant"
    return "nothing lost" if isinf(value) else f"{value:.1f} dB"


def describe_drift(drift: Mapping[PoolingKind, Sequence[float]], stride: int) -> str:
    """Which kinds' maps stray most and least from having moved along with the picture, by the peaks of their curves.

    Args:
        drift: from `pooled_drift`, every curve that is shown.
        stride: of those that have one.
    """
    peaks = {POOLING_LABELS[kind]: max(values) for kind, values in drift.items()}
    most, least = (
        " and ".join(f"“{label}”" for label, peak in peaks.items() if abs(peak - end) <= 1e-3 * max(peaks.values()))
        for end in (max(peaks.values()), min(peaks.values()))
    )
    said = (
        "The distance from having moved along with the photo, in percent of its standard deviation. What steps by the "
        f"stride ({stride}) moves along exactly at every multiple of it."
    )
    if most == least:
        return f"{said} Here all stray alike."
    return f"{said} By the highest points, {most} stray{'' if ' and ' in most else 's'} most here, and {least} least."


def pooling_line(pooling: Pooling, shape: tuple[int, ...]) -> str:
    """PyTorch's line that makes the layer.

    Args:
        pooling: one that is possible.
        shape: (C, H, W) of what is pooled.
    """
    line = layer_line(build_pooling(pooling, shape[0], (shape[1], shape[2])))
    if pooling.kind == "l2" and pooling.padding:
        return f"nn.Sequential(nn.ZeroPad2d({pooling.padding}), {line})"
    if pooling.kind in ("convolution", "slicing"):
        line += "  # every weight 1" if pooling.kind == "slicing" else "  # every channel's weights are a binomial blur"
    return line


def pooling_snippet(opening: Sequence[str], window: int, stride: int, padding: int, *, photo: bool) -> str:
    """Python that gives every kind's output and loss.

    Args:
        opening: gives `x`, what is pooled.
        window, stride, padding: as in `Pooling`.
        photo: whether it is a photo, or a map.
    """
    return snippet(
        *opening,
        "from explorer.operations.pooling import POOLINGS, Pooling, pool, psnr, unpool",
        "outputs = {}",
        "for kind in POOLINGS:",
        f"    pooled = pool(x, Pooling(kind, window={window}, stride={stride}, padding={padding}))",
        "    outputs[kind] = pooled.output",
        "    print(kind, tuple(pooled.output.shape), "
        f"psnr(x, unpool(pooled), data_range={'1.0' if photo else 'None'}))",
    )
