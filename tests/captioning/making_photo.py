"""Photo captioners with random weights: a classifier's nouns beside the cells, and both kinds of decoders."""

import torch
from torch import nn

from explorer.captioning import Vocabulary
from explorer.captioning.caption_decoder import CaptionDecoder
from explorer.captioning.decoder import Decoder
from explorer.captioning.noun_cells import NounCells
from explorer.captioning.nouns import CLASSES, NOUNS
from explorer.captioning.transformer import TransformerDecoder
from explorer.captioning.vocabulary import MARKS

KNOWN = ("a", "dog", "runs", "on", "the", "grass")
WIDTH, CHANNELS = 8, 12  # of an annotation vector, of which the classifier sees the first eight
VOCABULARY = Vocabulary((*MARKS, *KNOWN, *(noun for noun in NOUNS if noun not in KNOWN)))
LEARNT = len(MARKS) + len(KNOWN)  # words that may be written without copying


def toy_photo_decoder(kind: str, seed: int = 0, scale: float = 1.5) -> CaptionDecoder:
    """A decoder of either kind, "lstm" or "transformer"; `scale` makes its opinions differ."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = nn.Linear(WIDTH, CLASSES)
        words = [VOCABULARY.words.index(noun) for noun in NOUNS]
        nouns = NounCells(classifier, words, len(VOCABULARY), 8)
        decoder: CaptionDecoder
        if kind == "lstm":
            decoder = Decoder(len(VOCABULARY), CHANNELS, 8, 7, 5, cell=8, nouns=nouns, known=LEARNT)
        else:
            decoder = TransformerDecoder(len(VOCABULARY), CHANNELS, 8, 2, 2, 16, 30, nouns, LEARNT)
        for parameter in decoder.parameters():
            parameter.data.mul_(scale)
    return decoder.eval().requires_grad_(False)


def cells(count: int, seed: int = 0) -> torch.Tensor:
    """(count, 6, CHANNELS) annotation vectors."""
    return 2 * torch.randn(count, 6, CHANNELS, generator=torch.Generator().manual_seed(seed))
