"""Where the parts of a date that was written looked, and long sums cut short."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from explorer.sequences.attention.steps import Run
from explorer.text import as_plain_text, count_text, format_percent

PARTS: Final = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}  # of what is written
_PIECE: Final = re.compile(r"[^ ,./-]+")


@dataclass(frozen=True)
class Look:
    """Where a part of what was written looked most.

    Attributes:
        piece: of the text, between spaces and punctuation.
        share: of the part's attention that it got.
    """

    piece: str
    share: float


def find_pieces(text: str) -> tuple[str, ...]:
    """What stands between spaces and punctuation, each once."""
    return tuple(dict.fromkeys(_PIECE.findall(text)))


def find_looks(run: Run) -> dict[str, Look]:
    """Where year, month and day looked most, by their names; nothing where the text is punctuation alone."""
    looks = {}
    for part, rows in PARTS.items():
        weights = run.weights[rows].mean(axis=0)  # (T,), of sum 1
        found = [
            Look(match.group(), float(weights[match.start() : match.end()].sum()))
            for match in _PIECE.finditer(run.reading.text)
        ]
        if found:
            looks[part] = max(found, key=lambda look: look.share)
    return looks


def say_looks(run: Run) -> str:
    """Where the parts of what was written looked; "" where the text is punctuation alone."""
    looked = [
        f"for the {part} at “{as_plain_text(look.piece)}” ({format_percent(look.share)})"
        for part, look in find_looks(run).items()
    ]
    return f"**It looked {', '.join(looked)}.**" if looked else ""


def show_sign(sign: str) -> str:
    """A character that can be seen."""
    return "␣" if sign == " " else sign


def cut_sum(terms: Mapping[str, float], shown: int) -> list[tuple[str, float]]:
    """The largest terms of a sum, whatever their sign, and what all others add up to.

    Args:
        terms: by their names.
        shown: how many are named.
    """
    order = sorted(terms, key=lambda name: -abs(terms[name]))
    named = [(name, terms[name]) for name in order[:shown]]
    rest = order[shown:]
    return [*named, (count_text(len(rest), "other"), sum(terms[name] for name in rest))] if rest else named
