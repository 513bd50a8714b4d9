"""The output-size formulas, with the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SizeFormula:
    """How many output cells there are along one axis.

    Attributes:
        value: the number.
        general: the formula in letters, LaTeX: n input cells, kernel k, stride s, padding p, dilation d, and of a
            transposed convolution output padding o.
        worked: the same with the numbers put in, step by step, LaTeX.
    """

    value: int
    general: str
    worked: str


def size_lines(rows: SizeFormula, columns: SizeFormula) -> list[str]:
    """The formula in letters, then with the numbers of rows and columns, a line of Markdown each."""
    letters = "*n* input cells, kernel *k*, stride *s*, padding *p*, dilation *d*"
    extra = ", output padding *o*" if rows.general == transposed_size(1, 1).general else ""
    lines = [f"output cells: ${rows.general}$, with {letters}{extra}"]
    if rows.worked == columns.worked:
        return [*lines, f"rows and columns: ${rows.worked}$"]
    return [*lines, f"rows: ${rows.worked}$", f"columns: ${columns.worked}$"]


def convolution_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> SizeFormula:
    """Of a convolution or pooling window (the formula of `nn.Conv2d`; pooling without `ceil_mode` has the same).

    Args:
        size: input cells.
        kernel, stride, dilation: as in `nn.Conv2d`.
        padding: cells added on each side.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    steps = room // stride
    return SizeFormula(
        steps + 1,
        r"\left\lfloor \frac{n + 2p - d\,(k - 1) - 1}{s} \right\rfloor + 1",
        rf"\left\lfloor \frac{{{size} + 2\cdot{padding} - {dilation}\cdot({kernel} - 1) - 1}}{{{stride}}} "
        rf"\right\rfloor + 1 = \left\lfloor \frac{{{room}}}{{{stride}}} \right\rfloor + 1 = {steps} + 1 = {steps + 1}",
    )


def transposed_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, output_padding: int = 0
) -> SizeFormula:
    """Of a transposed convolution (the formula of `nn.ConvTranspose2d`)."""
    value = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1
    return SizeFormula(
        value,
        r"(n - 1)\,s - 2p + d\,(k - 1) + o + 1",
        rf"({size} - 1)\cdot{stride} - 2\cdot{padding} + {dilation}\cdot({kernel} - 1) + {output_padding} + 1 "
        rf"= {value}",
    )
