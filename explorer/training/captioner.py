"""The recipe of `models/photo-captioner`: distil an encoder, train a decoder on what it sees, then both together."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.captioning.decoder import Decoder
from explorer.captioning.encoder import Encoder, annotation_vectors
from explorer.captioning.vocabulary import END, PAD, START, Vocabulary
from explorer.training.caption_data import CaptionedImages
from explorer.training.distil_encoder import BOTTLENECK, Teacher, draw_lesson, lesson_losses
from explorer.training.objectives import normalise

Log = Callable[[str], None]


def encode_captions(data: CaptionedImages, vocabulary: Vocabulary, longest: int) -> tuple[Tensor, Tensor]:
    """All captions as numbers.

    Returns:
        (M, longest + 2): start mark, words, end mark, padding; (M,): which photo each is of.
    """
    rows, photos = [], []
    for photo, sentences in enumerate(data.captions):
        for words in sentences:
            numbers = [START, *vocabulary.encode(words[:longest]), END]
            rows.append(numbers + [PAD] * (longest + 2 - len(numbers)))
            photos.append(photo)
    return torch.tensor(rows), torch.tensor(photos)


def captioning_loss(logits: Tensor, alpha: Tensor, wanted: Tensor, smoothing: float, doubly: float) -> Tensor:
    """Cross-entropy of the words, and the doubly stochastic penalty (Xu et al. 2015, equation 14).

    Args:
        logits: (B, T, V).
        alpha: (B, T, L).
        wanted: (B, T) numbers of the words; padding does not count.
        smoothing: of the labels.
        doubly: weight of the mean of (1 - sum over words of alpha) squared, which asks for every cell to be looked at.
    """
    spoken = F.cross_entropy(
        logits.flatten(0, 1).float(), wanted.flatten(), ignore_index=PAD, label_smoothing=smoothing
    )
    looked = (alpha * (wanted != PAD)[..., None]).sum(dim=1)  # (B, L)
    return spoken + doubly * (1 - looked).square().mean()


def batches_by_length(lengths: Tensor, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """All indices once, in batches of similar length and random order, so that little of a batch is padding."""
    order = torch.randperm(len(lengths), generator=generator)
    batches: list[Tensor] = []
    for pool in order.split(batch_size * 20):
        batches += pool[lengths[pool].argsort(stable=True)].split(batch_size)
    for number in torch.randperm(len(batches), generator=generator).tolist():
        yield batches[number]


@torch.inference_mode()
def see_all(
    encoder: nn.Module, images: Tensor, mean: Sequence[float], std: Sequence[float], mirrored: bool = False
) -> Tensor:
    """Annotation vectors of all photos, (N, L, D) fp16. Images (N, 3, H, W) uint8."""
    encoder.eval()
    seen = []
    for batch in images.split(100):
        x = normalise(batch.float() / 255, tuple(mean), tuple(std))
        seen.append(annotation_vectors(encoder(x.flip(-1) if mirrored else x)).half())
    return torch.cat(seen)


def train_decoder(
    decoder: Decoder,
    seen: Sequence[Tensor],
    sentences: Tensor,
    photos: Tensor,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    smoothing: float,
    doubly: float,
    seed: int,
    log: Log,
    check: Callable[[], dict[str, float]] = dict,
) -> None:
    """Train a decoder in place on annotation vectors that do not change.

    Args:
        decoder: what is trained; a part without gradients stays as it is.
        seen: (N, L, D) for every look at the photos (as they are, mirrored); one is drawn a batch.
        sentences, photos: from `encode_captions`.
        epochs: passes over the sentences.
        learning_rate: the peak of a one-cycle schedule for Adam.
        batch_size: sentences a step.
        smoothing, doubly: as for `captioning_loss`.
        seed: of the order.
        log: receives a JSON line an epoch.
        check: measured after every epoch, for the log.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    lengths = (sentences != PAD).sum(dim=1)
    trained = [p for p in decoder.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=learning_rate, betas=(0.9, 0.98))
    steps = sum(1 for _ in batches_by_length(lengths, batch_size, torch.Generator()))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps * epochs, pct_start=0.1)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        decoder.train()
        total = 0.0
        for indices in batches_by_length(lengths, batch_size, generator):
            rows = sentences[indices, : int(lengths[indices].max())]
            look = seen[int(torch.randint(0, len(seen), (), generator=generator))]
            with torch.autocast("cpu", torch.bfloat16):
                logits, alpha = decoder(look[photos[indices]].float(), rows[:, :-1])
            loss = captioning_loss(logits, alpha.float(), rows[:, 1:], smoothing, doubly)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        decoder.eval()
        seconds = round(time.perf_counter() - started)
        log(json.dumps({"epoch": epoch, "loss": round(total / steps, 4), "seconds": seconds, **check()}))


def train_together(
    encoder: Encoder,
    decoder: Decoder,
    teacher: Teacher,
    sentences: Tensor,
    size: int,
    epochs: int,
    learning_rates: tuple[float, float],
    batch_size: int,
    smoothing: float,
    doubly: float,
    lesson: float,
    seed: int,
    log: Log,
    check: Callable[[], dict[str, float]] = dict,
) -> None:
    """Train encoder and decoder in place, end to end, on the captions and on what the encoder's teacher sees.

    The encoder's batch statistics stay as they are. Six thousand photos are few for millions of weights: the
    teacher keeps the encoder from learning the photos by heart.

    Args:
        encoder, decoder: what is trained.
        teacher: with the photos and its views of them, which should be almost whole: captions are of all of it.
        sentences: from `encode_captions`, in the order of the photos, the same number of each.
        size: pixels of the encoder's input.
        epochs: passes over the photos, all sentences of a photo in one step.
        learning_rates: the first of the encoder and of the decoder; both fall to zero along a cosine (AdamW).
        batch_size: photos a step.
        smoothing, doubly: as for `captioning_loss`.
        lesson: weight of the teacher's losses.
        seed, log, check: as for `train_decoder`.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    each = len(sentences) // len(teacher.images)
    head = nn.Conv2d(encoder.annotation, BOTTLENECK, 1)
    encoder.requires_grad_(True).to(memory_format=torch.channels_last).eval()
    groups: list[dict[str, Any]] = [
        {"params": list(encoder.parameters()), "lr": learning_rates[0]},
        {"params": [p for p in decoder.parameters() if p.requires_grad], "lr": learning_rates[1]},
        {"params": list(head.parameters()), "lr": 5 * learning_rates[1]},  # it starts from nothing
    ]
    everything = [p for group in groups for p in group["params"]]
    optimiser = torch.optim.AdamW(groups, weight_decay=1e-2)
    steps = len(teacher.images) // batch_size
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * epochs)
    started = time.perf_counter()
    for epoch in range(1, epochs + 1):
        decoder.train()
        totals = torch.zeros(2)
        order = torch.randperm(len(teacher.images), generator=generator)
        for indices in order[: steps * batch_size].split(batch_size):
            images, wanted = draw_lesson(teacher, indices, size, generator)
            rows = (indices[:, None] * each + torch.arange(each)).flatten()
            words = sentences[rows]
            words = words[:, : int((words != PAD).sum(dim=1).max())]
            with torch.autocast("cpu", torch.bfloat16):
                maps = encoder(images)
                learned = head(maps)
                a = annotation_vectors(maps).float()
                logits, alpha = decoder(a.repeat_interleave(each, dim=0), words[:, :-1])
            spoken = captioning_loss(logits, alpha.float(), words[:, 1:], smoothing, doubly)
            taught = sum(lesson_losses(teacher, learned, wanted), torch.zeros(()))
            optimiser.zero_grad()
            (spoken + lesson * taught).backward()
            nn.utils.clip_grad_norm_(everything, 5.0)
            optimiser.step()
            schedule.step()
            totals += torch.stack([spoken, taught]).detach()
        decoder.eval()
        captions, lessons = (round(total, 4) for total in (totals / steps).tolist())
        seconds = round(time.perf_counter() - started)
        log(json.dumps({"epoch": epoch, "loss": captions, "lesson": lessons, "seconds": seconds, **check()}))
    encoder.to(memory_format=torch.contiguous_format).requires_grad_(False)


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
