"""Heatmaps and attention maps as pictures, alone or as a glow over the photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.rendering import decode_png, encode_png, enlarge, join_pictures, magnify_map, overlay_map
from explorer.saliency.heatmap import Heatmap
from explorer.text import significant

SIDE = 384  # pixels of a drawn heatmap
_BRIGHTEST = 99.5  # per cent of pixels below full glow: a handful of pixels would leave all others dark


@dataclass(frozen=True)
class Drawing:
    """How heatmaps are drawn.

    Attributes:
        look: "over" the photo, or the map "alone".
        scale: "each" map by its own largest value, or by one that is "shared" by maps of one method.
        opacity: of the glow, 0 to 1.
        contour: whether a line runs around what is above half of the scale.
    """

    look: str = "over"
    scale: str = "each"
    opacity: float = 0.65
    contour: bool = False

    def peaks(self, heatmaps: Sequence[Heatmap]) -> list[float]:
        """The value that glows fully, for each of some heatmaps that stand together."""
        own = [peak_of(each) for each in heatmaps]
        if self.scale == "each":
            return own
        return [
            max(peak for peak, other in zip(own, heatmaps, strict=True) if other.method == each.method)
            for each in heatmaps
        ]

    def describe(self, heatmaps: Sequence[Heatmap]) -> str:
        """What the colours mean."""
        measure = (
            "One scale for all maps of a method, since methods have different units."
            if self.scale == "shared"
            else "Every map has its own scale."
        )
        pixels = any(each.raw is None for each in heatmaps)
        brightest = " Of attributions to pixels, the strongest half per cent glows fully." if pixels else ""
        brightest += " They have no contour." if pixels and self.contour and self.look == "over" else ""
        signed = any(each.signed for each in heatmaps)
        if self.look == "over":
            colours = "Bright amber is where most speaks for the class; dark is where nothing does."
            colours += " What speaks against it is dark too; the map alone shows it." if signed else ""
        else:
            colours = "Dark is zero, yellow the largest." + (
                " Maps with a sign: blue speaks against the class, white is nothing, red speaks for it."
                if signed
                else ""
            )
        return f"{colours} {measure}{brightest}"


def peak_of(heatmap: Heatmap) -> float:
    """The value that glows fully in a heatmap by itself.

    Of class activation maps it is the largest; attributions to pixels have a few values far above all others.
    """
    values = np.nan_to_num(np.abs(heatmap.values) if heatmap.signed else heatmap.values, nan=0.0, posinf=0.0)
    if heatmap.raw is not None:
        return float(values.max())
    return float(np.percentile(values, _BRIGHTEST)) or float(values.max())


def draw_heatmap(photo: NDArray[np.uint8], heatmap: Heatmap, drawing: Drawing, peak: float) -> bytes:
    """One heatmap as a PNG.

    Args:
        photo: (`SIDE`, `SIDE`, 3) what the network sees.
        heatmap: what to draw.
        drawing: how.
        peak: the value that glows fully.
    """
    if drawing.look == "alone":
        values = heatmap.values if heatmap.raw is None else heatmap.raw
        clipped = np.clip(values, -peak, peak) if peak > 0 else values
        return magnify_map(clipped, heatmap.signed, SIDE)
    # Only around maps that were enlarged from cells: around single pixels a line shows nothing.
    lined = drawing.contour and peak > 0 and heatmap.raw is not None
    return overlay_map(photo, heatmap.values, opacity=drawing.opacity, peak=peak, contour=0.5 if lined else None)


def draw_heatmaps(photo: NDArray[np.uint8], heatmaps: Sequence[Heatmap], drawing: Drawing, columns: int) -> bytes:
    """Heatmaps of one photo side by side as a PNG; the arguments are those of `draw_heatmap`."""
    peaks = drawing.peaks(heatmaps)
    drawn = [draw_heatmap(photo, each, drawing, peak) for each, peak in zip(heatmaps, peaks, strict=True)]
    return _lay_out(drawn, SIDE, columns)


def draw_attention(photo: NDArray[np.uint8], values: NDArray[np.float32], peak: float | None = None) -> bytes:
    """A map (rows, columns) of attention as an amber glow over what the network sees, as a PNG."""
    return overlay_map(photo, values, opacity=0.75, peak=peak)


def draw_attentions(photo: NDArray[np.uint8], maps: Sequence[NDArray[np.float32]], columns: int) -> bytes:
    """Maps of attention side by side, every one on its own scale, as a PNG."""
    return _lay_out([draw_attention(photo, values) for values in maps], photo.shape[0], columns)


def _lay_out(pictures: Sequence[bytes], side: int, columns: int) -> bytes:
    return encode_png(join_pictures([enlarge(decode_png(each), side, side) for each in pictures], columns))


def describe_entropy(bits: NDArray[np.float32], alike: float, what: str) -> str:
    """What the entropies of heads mean, and which heads are at the ends.

    Args:
        bits: (heads,).
        alike: the entropy of attention to everything alike.
        what: there is to attend to.
    """
    return (
        f"Entropy says how widely a head looks: {alike:.2f} bits is every one of {what} alike, 0 bits a single one. "
        f"Head {int(bits.argmin())} looks most closely ({significant(bits.min())} bits), head {int(bits.argmax())} "
        f"most widely ({significant(bits.max())} bits)."
    )
