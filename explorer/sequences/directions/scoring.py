"""How many names a tagger finds: F1 of whole names, each with its class."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import torch

from explorer.sequences.directions.names import list_names
from explorer.sequences.directions.network import Tagger, encode_sentences
from explorer.sequences.directions.sentences import Sentence, find_spans
from explorer.sequences.directions.templates import draw_sentence, list_templates


def draw_sentences(
    count: int, seed: str, *, new_names: bool, new_templates: bool, kinds: Collection[str] | None = None
) -> list[Sentence]:
    """Sentences of names and templates, both either learned from or held out.

    Args:
        count: how many.
        seed: of the draw.
        new_names, new_templates: whether they are those held out.
        kinds: of templates, by where the clue stands; None for all.
    """
    numbers = random.Random(seed)
    names = list_names(held_out=new_names)
    templates = list_templates(held_out=new_templates, **({} if kinds is None else {"kinds": kinds}))
    return [draw_sentence(templates, names, numbers) for _ in range(count)]


def split_batches(sentences: Iterable[Sentence], size: int) -> list[list[Sentence]]:
    """Sentences in batches of one number of words each, so that nothing but words is padded."""
    by_length: dict[int, list[Sentence]] = defaultdict(list)
    for sentence in sentences:
        by_length[len(sentence.words)].append(sentence)
    return [some[start : start + size] for some in by_length.values() for start in range(0, len(some), size)]


def score_spans(pairs: Iterable[tuple[Sequence[int], Sequence[int]]]) -> float:
    """F1 over the names of all sentences, the harmonic mean of precision and recall (van Rijsbergen 1979).

    A name is found where its first word, its last and its class are right (Tjong Kim Sang & De Meulder 2003).

    Args:
        pairs: classes of the words that were given, and those that are true, sentence by sentence.
    """
    both = either = 0
    for given, true in pairs:
        found, wanted = set(find_spans(given)), set(find_spans(true))
        both += len(found & wanted)
        either += len(found) + len(wanted)
    return 2 * both / either if either else 1.0


@torch.inference_mode()
def measure_f1(tagger: Tagger, sentences: Iterable[Sentence]) -> float:
    """F1 of a tagger in evaluation mode."""
    pairs: list[tuple[Sequence[int], Sequence[int]]] = []
    for batch in split_batches(sentences, 256):
        given = tagger(encode_sentences([each.words for each in batch])).argmax(dim=2).tolist()
        pairs += zip(given, (each.classes for each in batch), strict=True)
    return score_spans(pairs)
