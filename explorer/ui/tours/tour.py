"""A tour, its steps, and the file that all of them stand in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "tours.toml"


@dataclass(frozen=True)
class Step:
    """What is opened, and what a teacher says of it.

    Attributes:
        page: its name in the address.
        address: query parameters with which it opens; what they do not name is as at first, picture and network too.
        say: a sentence or two, true of what is on the screen.
        look: where to look, in a few words.
        see: of what has to be on the screen there, a selector of Playwright's; a test looks for it.
    """

    page: str
    address: Mapping[str, str]
    say: str
    look: str
    see: str


@dataclass(frozen=True)
class Tour:
    """A way through the pages.

    Attributes:
        name: in the address.
        title: what a person reads.
        promise: what one knows at its end, in a sentence; the home page says it.
        steps: in order, at least one.
    """

    name: str
    title: str
    promise: str
    steps: tuple[Step, ...]

    def link_to(self, number: int, present: bool) -> tuple[str, dict[str, str]]:
        """Page and query parameters of a step.

        Args:
            number: of the step, from 1.
            present: whether it is shown to a class.
        """
        step = self.steps[number - 1]
        shown = {"present": "true"} if present else {}
        return step.page, {**step.address, "tour": self.name, "step": str(number), **shown}


@cache
def list_tours() -> tuple[Tour, ...]:
    """All tours, in the order in which the home page offers them."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))["tour"]
    return tuple(
        Tour(each["name"], each["title"], each["promise"], tuple(Step(**step) for step in each["step"]))
        for each in told
    )


def find_step(tour: str | None, number: str | None, page: str | None) -> tuple[Tour, int] | None:
    """The tour and the number of the step that an address names; None where there is none on this page."""
    for each in list_tours():
        if each.name == tour:
            numbers = [place for place, step in enumerate(each.steps, 1) if (str(place), step.page) == (number, page)]
            return (each, numbers[0]) if numbers else None
    return None
