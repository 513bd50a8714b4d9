"""What was found of a caption as named arrays, and captions as a table to keep."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.captioning.caption import Caption
from explorer.captioning.interventions.attention_control import Control, correlate
from explorer.captioning.interventions.moving import Moved
from explorer.captioning.search import Beams, Final


def control_arrays(found: tuple[Control, ...], drops: NDArray[np.float32] | None) -> dict[str, NDArray[Any]]:
    """A caption under each kind of attention, and beside it the occlusion maps where they are known."""
    arrays: dict[str, NDArray[Any]] = {"words": np.array(found[0].own.words, dtype=np.str_)}
    for each in found:
        arrays[f"attention_{each.attention}"] = each.own.attention
        arrays[f"log_probabilities_{each.attention}"] = each.own.log_probabilities
        arrays[f"written_{each.attention}"] = np.array(each.written.words, dtype=np.str_)
    if drops is not None:
        arrays["drops"] = drops
        arrays["correlation"] = correlate(found[0].own.attention, drops)
    return arrays


def search_arrays(beams: Beams, finals: list[Final], draws: tuple[Caption, ...]) -> dict[str, NDArray[np.generic]]:
    """What the download holds: the search step by step, its sentences, and those drawn."""
    return {
        "words": beams.words,
        "parents": beams.parents,
        "scores": beams.scores,
        "order": np.array(beams.order),
        "sentences": np.array([" ".join(final.words) for final in finals], dtype=np.str_),
        "log_probabilities": np.array([final.score for final in finals]),
        "adjusted": np.array([final.adjusted for final in finals]),
        "drawn": np.array([draw.text for draw in draws], dtype=np.str_),
        "drawn_log_probabilities": np.array([draw.log_probability for draw in draws]),
    }


def caption_arrays(caption: Caption) -> dict[str, NDArray[Any]]:
    """A caption; where a word has fewer alternatives than another, the rest is "" and NaN."""
    most = max((len(others) for others in caption.alternatives), default=0)
    rows = [[*others, *[("", np.nan)] * (most - len(others))] for others in caption.alternatives]
    return {
        "words": np.array(caption.words, dtype=np.str_),
        "attention": caption.attention,
        "log_probabilities": caption.log_probabilities,
        "end": np.array(caption.end),
        "alternatives": np.array([[word for word, _ in row] for row in rows], dtype=np.str_),
        "alternative_probabilities": np.array([[share for _, share in row] for row in rows]),
        "gates": caption.gates,
        "entropy_bits": caption.entropy,
        "moves": caption.moves,
        "copied": caption.copied,
    }


def captions_as_csv(rows: list[tuple[str, Caption]]) -> str:
    """A line a picture: its title, the caption, and the natural logarithm of the caption's probability.

    Titles that a spreadsheet would take for a formula get an apostrophe before them.
    """
    buffer = io.StringIO()
    table = csv.writer(buffer)
    table.writerow(["picture", "caption", "log_probability", "copied_from_the_classifier"])
    for title, caption in rows:
        safe = f"'{title}" if title[:1] in "=+-@\t\r" else title
        copied = [word for word, share in zip(caption.words, caption.copied, strict=False) if share > 0.5]
        table.writerow([safe, caption.text, f"{caption.log_probability:.4f}", " ".join(copied)])
    return buffer.getvalue()


def moved_arrays(old: Caption, moved: Moved) -> dict[str, NDArray[np.generic]]:
    """A sentence and what it becomes where the attention is led elsewhere, for a file."""
    return {
        "attention": moved.attention,
        "own_attention": old.attention,
        "old_words": np.array(old.words, dtype=np.str_),
        "new_words": np.array(moved.written.words, dtype=np.str_),
        "old_log_probabilities": old.log_probabilities,
        "old_under_move": moved.old.log_probabilities,
        "new_log_probabilities": moved.written.log_probabilities,
        "new_attention": moved.written.attention,
    }
