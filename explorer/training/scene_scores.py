"""How often captions of composed scenes are exact, and how often the attention points at what a noun names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from explorer.captioning import Captioner, Decoder, Vocabulary
from explorer.captioning.scenes import Scene, points_into
from explorer.captioning.search import beam_search
from explorer.captioning.vocabulary import PAD


def exact_share(decoder: Decoder, a: Tensor, sentences: Tensor, vocabulary: Vocabulary, width: int = 1) -> float:
    """Share of annotation vectors (N, L, D) whose most probable caption is the right one of (N, T)."""
    hits = 0
    for part, wanted in zip(a.split(100), sentences.split(100), strict=True):
        for beams, row in zip(beam_search(decoder, part.float(), width), wanted.tolist(), strict=True):
            hits += beams.best == [number for number in row[1:] if number != PAD][:-1]  # without start and end
    return hits / len(a)


def measure(captioner: Captioner, scenes: Sequence[Scene]) -> dict[str, Any]:
    """How often the caption is exact, and how often the attention of a noun's word peaks inside the noun's box.

    Returns:
        Shares, each with what it is a share of: exact captions (greedy, and the best of three beams; of those also
        by the number of objects); pointing when led through the true words, and in the captioner's own best caption
        where that is exact; nouns recognised, given the true words before.
    """
    greedy = beam = nouns = led = recognised = own_nouns = own = 0
    by_count: dict[int, list[int]] = {}
    for start in range(0, len(scenes), 32):
        batch = scenes[start : start + 32]
        x = torch.cat([captioner.tensor(Image.fromarray(scene.pixels)) for scene in batch])
        a = captioner.look(x)
        truths = [captioner.vocabulary.encode(scene.words) for scene in batch]
        greedy += sum(f.best == t for f, t in zip(beam_search(captioner.decoder, a, 1), truths, strict=True))
        found = [beams.best for beams in beam_search(captioner.decoder, a, 3)]
        for scene, truth, best, caption in zip(batch, truths, found, captioner.follow(a, truths), strict=True):
            exact = best == truth
            beam += exact
            by_count.setdefault(len(scene.boxes), []).append(exact)
            # An exact caption is the true one, and so is what the attention does on the way through it.
            inside = sum(points_into(box, caption.attention[box.word], scene.pixels.shape[0]) for box in scene.boxes)
            nouns, led = nouns + len(scene.boxes), led + inside
            own_nouns, own = own_nouns + exact * len(scene.boxes), own + exact * inside
            recognised += sum(
                caption.probabilities[box.word] > caption.alternatives[box.word][0].probability for box in scene.boxes
            )
    return {
        "scenes": len(scenes),
        "exact_greedy": greedy / len(scenes),
        "exact_beam_3": beam / len(scenes),
        "exact_beam_3_by_objects": {
            str(count): {"scenes": len(hits), "exact": sum(hits) / len(hits)}
            for count, hits in sorted(by_count.items())
        },
        "nouns": nouns,
        "pointing_led_through_true_words": led / nouns,
        "nouns_recognised_given_the_words_before": recognised / nouns,
        "nouns_of_exact_captions": own_nouns,
        "pointing_in_own_exact_captions": own / own_nouns if own_nouns else None,
    }
