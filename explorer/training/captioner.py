"""Training a decoder on what its encoder sees, which does not change: what all captioners share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from explorer.captioning.caption_decoder import NEVER, CaptionDecoder
from explorer.captioning.noun_cells import Nouns
from explorer.captioning.vocabulary import END, PAD, START, Vocabulary
from explorer.training.caption_data import CaptionedImages

Log = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a decoder learns from: M pictures with R sentences each.

    Attributes:
        looks: annotation vectors (N, L, D) fp16 of N photos, once for every way to look at them (as they are,
            mirrored).
        photos: (M,) which photo each picture is of.
        sentences: (M, R, T) numbers of words: start mark, words, end mark, padding.
        nouns: (M, K) indices into `explorer.captioning.nouns.NOUNS`; None for a decoder that copies nothing.
        probabilities: (M, K) of the nouns.
    """

    looks: tuple[Tensor, ...]
    photos: Tensor
    sentences: Tensor
    nouns: Tensor | None = None
    probabilities: Tensor | None = None

    def __len__(self) -> int:
        return len(self.photos)

    def draw(self, indices: Tensor, generator: torch.Generator) -> Tensor:
        """(B, L, D) float32 annotation vectors of chosen pictures, one way of looking for the whole batch."""
        look = self.looks[int(torch.randint(0, len(self.looks), (), generator=generator))]
        return look[self.photos[indices]].float()

    def name(self, decoder: CaptionDecoder, indices: Tensor) -> Nouns | None:
        """The nouns of chosen pictures, as the decoder writes them now."""
        if decoder.nouns is None or self.nouns is None or self.probabilities is None:
            return None
        return decoder.nouns.name(self.nouns[indices], self.probabilities[indices])


def encode_captions(data: CaptionedImages, vocabulary: Vocabulary, longest: int) -> Tensor:
    """All captions as numbers, (N, R, longest + 2): start mark, words, end mark, padding."""
    rows = []
    for sentences in data.captions:
        for words in sentences:
            numbers = [START, *vocabulary.encode(words[:longest]), END]
            rows.append(numbers + [PAD] * (longest + 2 - len(numbers)))
    return torch.tensor(rows).unflatten(0, (len(data.captions), -1))


def captioning_loss(logits: Tensor, looked: Tensor, wanted: Tensor, smoothing: float, doubly: float) -> Tensor:
    """Cross-entropy of the words, and the doubly stochastic penalty (Xu et al. 2015, equation 14).

    Args:
        logits: (N, V).
        looked: (B, R, L) sums of alpha over the words of every sentence.
        wanted: (N,) numbers of the words.
        smoothing: of the labels.
        doubly: weight of the mean of (1 - looked) squared, which asks for every cell to be looked at.
    """
    spoken = logits.float().log_softmax(dim=1)
    chosen = spoken.gather(1, wanted[:, None]).mean()
    # Words that can only be copied, and are not among the nouns, are no alternatives.
    others = spoken[logits > NEVER / 2].mean() if smoothing else 0.0
    return -(1 - smoothing) * chosen - smoothing * others + doubly * (1 - looked).square().mean()


def follow(decoder: CaptionDecoder, a: Tensor, sentences: Tensor, nouns: Nouns | None) -> tuple[Tensor, Tensor, Tensor]:
    """Lead a decoder through sentences (B, R, T), in bf16 where that helps.

    Returns:
        logits (N, V); looked (B, R, L); the N words that were wanted.
    """
    with torch.autocast("cpu", torch.bfloat16):
        logits, looked = decoder(a, sentences[..., :-1], nouns)
    wanted = sentences[..., 1:]
    return logits, looked.float(), wanted[wanted != PAD]


def shorten(sentences: Tensor) -> Tensor:
    """(..., T) without the columns that are padding everywhere."""
    return sentences[..., : int((sentences != PAD).sum(dim=-1).max())]


def batches(count: int, size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """All indices once in a random order, `size` at a time; what is left over in the end is dropped."""
    order = torch.randperm(count, generator=generator)
    yield from order[: count // size * size].split(size)


def train_decoder(
    decoder: CaptionDecoder,
    lessons: Lessons,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    smoothing: float,
    doubly: float,
    seed: int,
    log: Log,
    check: Callable[[], dict[str, float]] = dict,
    weight_decay: float = 0.0,
) -> None:
    """Train a decoder in place on sentences that people wrote.

    Args:
        decoder: what is trained; a part without gradients stays as it is.
        lessons: pictures and sentences.
        epochs: passes over the pictures, all sentences of a picture in one step.
        learning_rate: the peak of a one-cycle schedule for AdamW.
        batch_size: pictures a step.
        smoothing, doubly: as for `captioning_loss`.
        seed: of the order.
        log: receives a JSON line an epoch.
        check: measured after every epoch, for the log.
        weight_decay: of matrices.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    trained = [p for p in decoder.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))
    steps = len(lessons) // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps * epochs, pct_start=0.1)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        decoder.train()
        total = 0.0
        for indices in batches(len(lessons), batch_size, generator):
            rows = shorten(lessons.sentences[indices])
            told = follow(decoder, lessons.draw(indices, generator), rows, lessons.name(decoder, indices))
            loss = captioning_loss(*told, smoothing, doubly)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        decoder.eval()
        seconds = round(time.perf_counter() - started)
        log(json.dumps({"epoch": epoch, "loss": round(total / steps, 4), "seconds": seconds, **check()}))


def save(path: Path, encoder: nn.Module | None, decoder: nn.Module | None = None) -> None:
    """Weights of both, or of one, in one safetensors file, under "encoder." and "decoder."; matrices in fp16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = {name: module for name, module in (("encoder", encoder), ("decoder", decoder)) if module is not None}
    state = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    save_file({key: (value.half() if value.ndim > 1 else value).contiguous() for key, value in state.items()}, path)


def load(path: Path, encoder: nn.Module | None, decoder: nn.Module | None = None) -> None:
    """The inverse of `save`, into modules that exist."""
    state = load_file(path)
    for part, module in (("encoder", encoder), ("decoder", decoder)):
        if module is not None:
            own = {key.removeprefix(f"{part}."): value for key, value in state.items() if key.startswith(f"{part}.")}
            module.load_state_dict({key: value.float() if value.ndim else value for key, value in own.items()})
