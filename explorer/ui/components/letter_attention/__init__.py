"""Which typed characters each written one looked at: pointed at and led elsewhere, by pointer or keyboard."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explorer.neurons.activations import Numbers
from explorer.ui.components.mounting import keep_event, mount

_mount = mount(Path(__file__).parent, ("../shared/elements.js",), ("unseen.css", "drawing.css"))


@dataclass(frozen=True)
class Looking:
    """What a person looks at, and what they made the network look at.

    Attributes:
        character: The written one that is chosen, from 0.
        led: By a written character the typed one that gets all of its attention, both from 0.
    """

    character: int = 0
    led: Mapping[int, int] = field(default_factory=dict)


def letter_attention(
    *,
    typed: Sequence[str],
    unknown: Collection[int],
    weights: Numbers,
    lines: Mapping[str, tuple[str, Sequence[float]]],
    own: str,
    looking: Looking,
    key: str,
) -> Looking | None:
    """Shows typed characters across and written ones down, and gives what was chosen or led since the last run, once.

    Args:
        typed: T characters as the network reads them.
        unknown: Places of those that it does not know.
        weights: (S, T), for each written character those of the typed ones, which add up to 1.
        lines: Under names for people what was written, S characters with the probability of each; the weights belong
            to the first.
        own: The name of the line that the others are compared with.
        looking: What is chosen, and whose attention was led elsewhere.
        key: Of the element, unique on the page.
    """
    result = _mount(
        data={
            "typed": list(typed),
            "unknown": sorted(unknown),
            "weights": [[float(weight) for weight in row] for row in weights],
            "lines": [
                {"name": name, "text": text, "chances": [float(chance) for chance in chances]}
                for name, (text, chances) in lines.items()
            ],
            "own": list(lines).index(own),
            "chosen": looking.character,
            "led": [list(pair) for pair in sorted(looking.led.items())],
        },
        key=key,
        on_looking_change=keep_event,
    )
    return read_looking(result.get("looking"), weights.shape)


def read_looking(sent: Any, shape: Sequence[int]) -> Looking | None:
    """What a browser sent, where (written, typed) characters of this shape are; None where it is nothing."""
    try:
        character, pairs = sent
        led = dict(pairs)
    except (TypeError, ValueError):
        return None
    places = [(character, 0), *led.items()]
    if not all(
        type(each) is int and 0 <= each < side for place in places for each, side in zip(place, shape, strict=True)
    ):
        return None
    return Looking(character, led)
