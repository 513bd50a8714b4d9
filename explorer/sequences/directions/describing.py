"""What the three taggers make of one word, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from explorer.sequences.directions.causes import Causes, find_lesson
from explorer.sequences.directions.network import Direction
from explorer.sequences.directions.reading import Reading
from explorer.sequences.directions.sentences import NONE, find_spans
from explorer.text import as_plain_text, format_percent

DIRECTION_LABELS: Final[dict[Direction, str]] = {"forward": "forward", "backward": "backward", "both": "both ways"}
KIND_NAMES: Final = ("no name", "a person", "a place")
_MATTERS: Final = 0.1  # of probability; what moves it less is not told of


def choose_word(readings: Mapping[Direction, Reading]) -> int:
    """The word that the forward tagger misses most of what the one reading both ways finds, a name if there is any."""
    both, forward = (readings[each].probabilities for each in ("both", "forward"))
    kinds = both.argmax(axis=1)
    rows = np.arange(len(kinds))
    missed = both[rows, kinds] - forward[rows, kinds] + (kinds != NONE)
    return int(missed.argmax())


def quote(words: Sequence[str], place: int) -> str:
    """A word of a person's in quotation marks, as it is."""
    return f"“{as_plain_text(words[place])}”"


def say_word(readings: Mapping[Direction, Reading], words: Sequence[str], place: int, kind: int) -> str:
    """How sure each tagger is that a word is of the class that it has for the one reading both ways."""
    both, backward, forward = (
        format_percent(float(readings[each].probabilities[place, kind])) for each in ("both", "backward", "forward")
    )
    return (
        f"**{quote(words, place)} is {KIND_NAMES[kind]} to the network that reads both ways, with {both}; to the one "
        f"that reads backward with {backward}, to the one that reads forward with {forward}.**"
    )


def say_causes(causes: Mapping[Direction, Causes], words: Sequence[str], place: int) -> str:
    """What the forward tagger could not know at a word, and from which later word the backward one had it."""
    name = quote(words, place)
    before = " ".join(as_plain_text(word) for word in words[:place])
    read = f"the first word it reads is {name} itself" if not place else f"it has read “{before}” before it"
    if place == len(words) - 1:
        return f"Nothing stands behind {name}: forward, {read}, and misses nothing."
    said = f"Forward, {read}; whatever comes later, at {name} it says the same, to the last bit. "
    backward = causes["backward"]
    lesson = find_lesson(backward)
    if lesson is None:
        return f"{said}No word behind it makes the backward network surer by more than 10 points."
    low, high = (format_percent(float(backward.cut_off[at])) for at in (lesson - 1, lesson))
    learned = (
        f"{said}**The backward network has it from {quote(words, place + lesson)}**: with the sentence cut off before "
        f"that word it says {low}, with the word {high}."
    )
    return f"{learned}{_say_left_out(causes['both'], words, place)}"


def _say_left_out(causes: Causes, words: Sequence[str], place: int) -> str:
    """The word without which the tagger that reads both ways loses most."""
    losses = causes.whole - causes.without
    worst = int(losses.argmax())
    if losses[worst] < _MATTERS:
        return " Left out alone, no word takes 10 points from the network that reads both ways: several tell the same."
    without = format_percent(float(causes.without[worst]))
    return (
        f" Without {quote(words, worst)} alone, both ways, it is {without} instead of {format_percent(causes.whole)}."
    )


def say_names(words: Sequence[str], probabilities: NDArray[np.float64]) -> str:
    """The names that a tagger finds."""
    found = [
        f"“{as_plain_text(' '.join(words[span.start : span.stop]))}” ({KIND_NAMES[span.kind]})"
        for span in find_spans(probabilities.argmax(axis=1).tolist())
    ]
    return ", ".join(found) or "no name"
