"""How good captions are, by the metrics of the field, and what they would be without the decoder's own attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor

from explorer.captioning.caption_decoder import CaptionDecoder, Steer
from explorer.captioning.captioner import AT_ONCE, Captioner
from explorer.captioning.interventions.steering import shuffled, uniform
from explorer.captioning.search import beam_search
from explorer.captioning.vocabulary import Vocabulary
from explorer.training.caption_data import CaptionedImages

Sentences = Sequence[Sequence[str]]


def score(candidates: Sentences, references: Sequence[Sentences]) -> dict[str, float]:
    """BLEU-1 to BLEU-4, ROUGE-L and CIDEr of a whole set, as the COCO caption evaluation computes them.

    Papineni et al. 2002, Lin 2004, Vedantam et al. 2015. Both sides must have been split into words in the same
    way; CIDEr weighs words by how rare they are in these references.

    Args:
        candidates: one sentence a picture.
        references: what people said of the same pictures, at least one sentence each.
    """
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    told = {number: [" ".join(words)] for number, words in enumerate(candidates)}
    wanted = {number: [" ".join(words) for words in each] for number, each in enumerate(references)}
    bleu, _ = Bleu(4).compute_score(wanted, told, verbose=0)
    rouge, _ = Rouge().compute_score(wanted, told)
    cider, _ = Cider().compute_score(wanted, told)
    figures = {**{f"bleu{n}": value for n, value in enumerate(bleu, start=1)}, "rouge_l": rouge, "cider": cider}
    return {name: round(float(value), 4) for name, value in figures.items()}


def describe_seen(
    decoder: CaptionDecoder, vocabulary: Vocabulary, seen: Tensor, beam_size: int, steer: Steer | None = None
) -> list[list[str]]:
    """Sentences for annotation vectors (N, L, D)."""
    sentences: list[list[str]] = []
    for a in seen.split(AT_ONCE):
        found = beam_search(decoder, a.float(), beam_size, steer=steer)
        sentences += [vocabulary.decode(beams.best) for beams in found]
    return sentences


def measure(
    captioner: Captioner, data: CaptionedImages, seen: Tensor, beam_sizes: Sequence[int] = (1, 3, 5)
) -> dict[str, object]:
    """Every metric for every beam size; `seen` (N, L, D) is what the encoder sees of the photos."""
    told = partial(describe_seen, captioner.decoder, captioner.vocabulary, seen)
    return {("greedy" if size == 1 else f"beam {size}"): score(told(size), data.captions) for size in beam_sizes}


def measure_control(captioner: Captioner, data: CaptionedImages, seen: Tensor, beam_size: int = 3) -> dict[str, object]:
    """The same metrics with the decoder's own attention, with uniform and with shuffled attention."""
    told = partial(describe_seen, captioner.decoder, captioner.vocabulary, seen, beam_size)
    steers: dict[str, Steer | None] = {"own": None, "uniform": uniform, "shuffled": shuffled(0)}
    return {name: score(told(steer=steer), data.captions) for name, steer in steers.items()}
