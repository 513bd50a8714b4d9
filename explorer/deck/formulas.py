"""Numbers as LaTeX, for exercises."""

from __future__ import annotations

from collections.abc import Sequence


def matrix(rows: Sequence[Sequence[float]]) -> str:
    """A matrix in round brackets, without dollar signs.

    Args:
        rows: its numbers; shown with up to six significant digits.
    """
    lines = (" & ".join(f"{value:g}" for value in row) for row in rows)
    return r"\begin{pmatrix} " + r" \\ ".join(lines) + r" \end{pmatrix}"
