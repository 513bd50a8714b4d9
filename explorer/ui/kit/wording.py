"""Numbers and shapes as people read them: three significant digits, units, percent."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite


def significant(value: float) -> str:
    """Three significant digits: 0.0123, 4.57, 1,230."""
    value = float(value)
    if not isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def with_unit(value: float, unit: str) -> str:
    """Thousands as k, M, G: 1.81 G, 802 kB."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def shape_text(shape: Sequence[int]) -> str:
    """C × H × W."""
    return " × ".join(str(side) for side in shape)


def count_text(count: int, noun: str) -> str:
    """A number with its noun: 1 map, 17 maps."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
