"""Captioners with random weights, small enough for tests."""

import torch

from explorer.captioning import Captioner, Decoder, Encoder, Vocabulary
from explorer.captioning.vocabulary import MARKS
from explorer.zoo import Preprocessing

WORDS = ("a", "dog", "cat", "runs", "sits", "on", "grass", "the", "red", "ball")


def toy_captioner(seed: int = 0, words: tuple[str, ...] = WORDS, scale: float = 3.0) -> Captioner:
    """Sees 32 pixels as 4x4 cells of 8 channels. `scale` makes its opinions differ enough to matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder((4, 4), (2, 2), (4, 8), (1, 1), 8)
        decoder = Decoder(len(MARKS) + len(words), 8, embedding=6, hidden=7, attention=5)
        for parameter in decoder.parameters():
            parameter.data.mul_(scale)
    for part in (encoder, decoder):
        part.eval().requires_grad_(False)
    vocabulary = Vocabulary((*MARKS, *words))
    preprocessing = Preprocessing(32, 32, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), fit="squash")
    return Captioner("toy", "Toy", encoder, decoder, vocabulary, preprocessing, {"name": "toy"})
