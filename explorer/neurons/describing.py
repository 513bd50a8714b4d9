"""Numbers and sums as they are written out on the page, in LaTeX and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, isnan

from explorer.text import significant

_SHOWN = 8  # products of a sum that are written out; of more, the first three


def write_number(value: float) -> str:
    r"""A number in LaTeX with three significant digits: -0.741, 3.72 \cdot 10^{-44}, \infty."""
    if isnan(value):
        return r"\text{not a number}"
    if not isfinite(value):
        return r"\infty" if value > 0 else r"-\infty"
    written = f"{value:.3g}" if abs(value) >= 1e6 else significant(value).replace(",", "{,}")
    mantissa, _, exponent = written.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def write_factor(value: float) -> str:
    """The same within a product or a sum: in brackets where it is below zero."""
    written = write_number(value)
    return f"({written})" if written.startswith("-") else written


def write_sum(inputs: Sequence[float], weights: Sequence[float], bias: float) -> str:
    """A neuron's sum with its numbers, as LaTeX that may break between terms."""
    shown = len(inputs) if len(inputs) <= _SHOWN else 3
    terms = [
        rf"{write_factor(x)} \cdot {write_factor(w)}" for x, w in zip(inputs[:shown], weights[:shown], strict=True)
    ]
    if shown < len(inputs):
        terms.append(rf"\dots \text{{ ({len(inputs) - shown} more) }}")
    return " + ".join([*terms, write_factor(bias)])


def say_number(value: float, *, signed: bool = False) -> str:
    """A number for a sentence: three significant digits, four where they would hide that it is below 1.

    Args:
        value: any number.
        signed: whether a plus stands before what is above zero.
    """
    if isnan(value):
        return "not a number"
    if not isfinite(value):
        text = "∞" if value > 0 else "-∞"
    else:
        text = f"{value:.4g}" if 0.9995 <= abs(value) < 1 else significant(value + 0.0)  # which takes -0 to 0
    return f"{'+' if signed and value > 0 else ''}{text}".replace("-", "−")


def write_difference(*differences: float) -> str:
    """The largest of some differences, one digit and a power of ten: "0", "3e-17"; two NaN in one place are none."""
    largest = max((abs(each) for each in differences if not isnan(each)), default=0.0)
    return f"{largest:.0e}" if largest else "0"


def write_table(heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A table in Markdown, whose cells are numbers as text.

    Args:
        heads: of the columns; the rows' names have none.
        rows: cells by the row's name.
    """
    lines = [["", *heads], ["---", *("---:" for _ in heads)], *([name, *cells] for name, cells in rows.items())]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return text.replace(" %", "\u00a0%")  # a number and its unit stay in one line, however narrow the screen
