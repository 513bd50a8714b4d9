"""How a caption changes, and what it is compared with, in sentences and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np

from explorer.captioning.caption import Caption
from explorer.captioning.interventions.attention_control import Control, changed_words
from explorer.captioning.vocabulary import END, MARKS
from explorer.text import format_percent, significant

END_LABEL = "(end)"
_MOST_TOLD = 60  # from 2**60 times as probable on, the power says more than the number

MUCH = 3.0  # nats by which the caption must suffer to say that attention matters: 20 times less probable
SOME = 0.7  # twice less probable


def judge_attention(found: tuple[Control, ...]) -> str:
    """Whether attention matters on this photo, by what its own caption loses without it."""
    own, flat, mixed = (each.own.log_probability for each in found)
    loss = own - max(flat, mixed)
    if loss > MUCH:
        lead = "**Attention matters here**"
    elif loss > SOME:
        lead = "**Attention matters a little here**"
    elif loss > -SOME:
        lead = "**Attention hardly matters here**"
    else:
        lead = "**The caption would be more probable without its attention**"
    same = sum(each.written.words == found[0].written.words for each in found[1:])
    kept = ("both others write another sentence", "one of the others writes the same sentence", "both write the same")
    return (
        f"{lead}: uniform makes its caption {say_times(flat - own)}, shuffled {say_times(mixed - own)}; {kept[same]}."
    )


def say_times(difference: float) -> str:
    """A difference of log probabilities in words."""
    size = abs(difference)
    if size < 0.005:
        return "no less probable"
    factor = significant(exp(size)) if size < 14 else f"e^{size:.0f}"
    return f"{factor} times {'less' if difference < 0 else 'more'} probable"


def say_agreement(value: float) -> str:
    """A rank correlation in words."""
    if not np.isfinite(value):
        return "one of the maps is the same everywhere, so they cannot be compared."
    if value > 0.6:
        said = "both maps tell the same story"
    elif value > 0.3:
        said = "the maps agree in part"
    elif value > -0.3:
        said = "the maps have little to do with each other"
    else:
        said = "the maps contradict each other"
    return f"{said} (rank correlation {value:.2f})."


def figure_rows(title: str, labels: Mapping[str, str], measured: Any) -> list[dict[str, str]]:
    """A card's figures as rows of a table, times a hundred; none where there are none.

    Args:
        title: of the first column.
        labels: what a row is called, by its name on the card; others are left out.
        measured: by the name of a row its metrics.
    """
    rows = []
    for name, label in labels.items() if isinstance(measured, dict) else ():
        figures = measured.get(name)
        known = figures if isinstance(figures, dict) else {}
        values = {metric: known.get(key) for metric, key in (("BLEU-4", "bleu4"), ("CIDEr", "cider"))}
        said = {metric: f"{100 * value:.3g}" for metric, value in values.items() if isinstance(value, (int, float))}
        if said:
            rows.append({title: label, **said})
    return rows


def say_change(old: Sequence[str], new: Sequence[str]) -> str:
    """How much of the old sentence is left."""
    gone, come = changed_words(old, new)
    if not any(gone) and not any(come):
        return "The sentence stays the same, word for word."
    return f"{sum(gone)} of {len(gone)} words went and {sum(come)} came."


def say_log_probability(before: Caption, after: Caption, whole: str, changed: str) -> str:
    """What became of the old sentence's log probability.

    Args:
        before, after: the same sentence, read twice.
        whole, changed: the circumstances, such as "with the whole photo".
    """
    first, second = before.log_probability, after.log_probability
    said = (
        f"The old sentence has a log probability of **{significant(first)}** {whole} and **{significant(second)}** "
        f"{changed}"
    )
    factor = abs(second - first)
    if factor < 0.005:
        return f"{said}: no difference."
    times = f"{significant(2.718281828459045**factor)} times" if factor < 14 else f"e^{factor:.0f} times"
    return f"{said}: {times} {'less' if second < first else 'more'} probable."


def name_word(word: str) -> str:
    """A word as people read it, the end mark among them."""
    return END_LABEL if word == MARKS[END] else word


def percent_of(reading: Caption, place: int) -> str:
    """How probable a word of a sentence is in its place."""
    share = float(reading.probabilities[place])
    return "not known" if np.isnan(share) else format_percent(share)


def bits_of(caption: Caption) -> float:
    """Surprise of the whole sentence and its end, in bits; unknown words left out."""
    return float(-caption.log_probability / np.log(2))


def say_comparison(reading: Caption, own: Caption) -> str:
    """Which of the two is more probable to the captioner, and how much."""
    if reading.words == own.words:
        return "A bit is one halving: a sentence of 20 bits has one chance in about a million."
    if len(reading.unknown) and all(word in reading.unknown for word in reading.words):
        return "None of these words is known, so only the end has a probability."
    apart = bits_of(reading) - bits_of(own)
    times = f"2^{abs(apart):.0f}" if abs(apart) > _MOST_TOLD else f"{significant(2 ** abs(apart))}"
    left_out = ", the unknown words left out" if reading.unknown else ""
    if apart < 0:
        return f"It finds this sentence {times} times as probable as its own caption{left_out}."
    return f"It finds its own caption {times} times as probable as this sentence{left_out}."


def say_loss(reading: Caption) -> str:
    """That the bits of a sentence are the loss of training in another unit."""
    counted = int(np.isfinite(reading.surprise).sum()) + 1  # words that are known, and the end
    nats = -reading.log_probability
    return (
        f"These {significant(bits_of(reading))} bits are the cross-entropy, the loss with which a captioner is trained "
        "word by word: minus the logarithm of the probability that each word was given, to base 2. With the natural "
        f"logarithm, as PyTorch's `F.cross_entropy` takes it, they add up to {significant(nats)}. The loss of training "
        f"is the mean, here {significant(nats / counted)} a word; divided by ln 2 = 0.693 it is "
        f"{significant(bits_of(reading) / counted)} bits a word."
    )


def word_rows(reading: Caption) -> list[dict[str, str]]:
    """Each word and the end: bits, probability, and what was more probable there."""
    rows = []
    for place, (word, bits) in enumerate(zip(reading.words, reading.surprise.tolist(), strict=True)):
        known = bool(np.isfinite(bits))
        first = reading.alternatives[place][0] if reading.alternatives[place] else None
        better = first and (not known or first.probability > float(reading.probabilities[place]))
        rows.append(
            {
                "word": word,
                "bits": significant(bits) if known else "–",
                "probability": percent_of(reading, place),
                "rather": f"{name_word(first.word)} ({format_percent(first.probability)})" if first and better else "–",
            }
        )
    end = float(np.exp(reading.end))
    last = {"word": END_LABEL, "bits": significant(-reading.end / float(np.log(2)))}
    return [*rows, last | {"probability": format_percent(end), "rather": "–"}]


def say_score(comparison: Any, kind: str) -> str:
    """The card's figure for a decoder with such vectors, where it knows one."""
    figures = comparison.get(kind) if isinstance(comparison, dict) else None
    if not isinstance(figures, dict) or not isinstance(figures.get("bleu4"), (int, float)):
        return ""
    return f" BLEU-4 on the test photos: **{100 * figures['bleu4']:.3g}**."
