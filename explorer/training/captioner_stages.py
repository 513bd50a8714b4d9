"""The stages of the photo captioner, each from what the one before left in the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.captioning.captioner import Captioner
from explorer.captioning.decoder import Decoder
from explorer.captioning.embeddings import count_vectors
from explorer.captioning.encoder import Encoder
from explorer.captioning.vocabulary import MARKS, Vocabulary
from explorer.datasets import cache_folder
from explorer.training import captioner
from explorer.training.caption_data import CaptionedImages
from explorer.training.caption_scores import describe_seen, score
from explorer.training.captioner import Log
from explorer.training.captioner_reward import train_for_reward
from explorer.training.datasets import load_split
from explorer.training.distil_encoder import ask_mobilenet, distil
from explorer.training.recipes import IMAGENET_MEAN, IMAGENET_STD
from explorer.zoo import Preprocessing, load_model

NAME = "photo-captioner"
TITLE = "Show, attend and tell, Flickr8k"
ENCODER = {"stem": (32, 64), "stem_strides": (2, 2), "widths": (64, 128, 256), "blocks": (1, 2, 2), "annotation": 320}
DECODER = {"embedding": 512, "hidden": 512, "attention": 256}
SIZE = 160
LEAST = 5  # times that a word must occur among the training captions to be in the vocabulary
LONGEST = 22  # words of a training caption; 0.8 % are longer and are cut
SMOOTHING, DOUBLY = 0.1, 0.5
DISTIL_SIZES = [(128, 14), (SIZE, 3)]  # pixels, epochs
DECODER_EPOCHS, TOGETHER_EPOCHS, REWARD_EPOCHS = 8, 6, 3


def stage_path(stage: str) -> Path:
    """Where a stage's weights wait for the next one."""
    return cache_folder() / NAME / f"{stage}.safetensors"


def remember_seconds(stage: str, started: float) -> None:
    """Note how long a stage took, beside its weights."""
    stage_path(stage).with_suffix(".seconds").write_text(str(round(time.perf_counter() - started)), encoding="utf-8")


def seconds_of(*stages: str) -> int:
    """What stages took in all."""
    return sum(int(stage_path(stage).with_suffix(".seconds").read_text(encoding="utf-8")) for stage in stages)


def fresh_encoder() -> Encoder:
    """The encoder with the convolutions of `photo-net`, and a last stage that knows nothing yet."""
    torch.manual_seed(0)
    encoder = Encoder(**ENCODER)  # type: ignore[arg-type]
    known = load_model("photo-net", device="cpu").network.state_dict()
    encoder.load_state_dict({key: known.get(key, value) for key, value in encoder.state_dict().items()})
    return encoder


def fresh_decoder(words: int) -> Decoder:
    """A decoder for so many words that knows none of them."""
    torch.manual_seed(1)
    return Decoder(words, ENCODER["annotation"], dropout=0.5, **DECODER)  # type: ignore[arg-type]


def make_encoder(photos: Tensor, log: Log) -> Encoder:
    """First stage: distilled from MobileNetV2 on the training photos of Flickr8k and Imagenette."""
    encoder, path = fresh_encoder(), stage_path("encoder")
    if path.is_file():
        captioner.load(path, encoder)
        return encoder.eval()
    started = time.perf_counter()
    others = load_split("imagenette", "train").images
    teacher = ask_mobilenet(
        torch.cat([photos, enlarge(others, photos.shape[-1])]), views=3, scale=(0.35, 1.0), seed=0, log=log
    )
    distil(
        encoder,
        teacher,
        sizes=DISTIL_SIZES,
        focus=len(photos),
        learning_rate=1.5e-3,
        batch_size=64,
        seed=0,
        log=log,
        keep=partial(captioner.save, stage_path("encoder-so-far")),
    )
    captioner.save(path, encoder)
    remember_seconds("encoder", started)
    return encoder


def enlarge(images: Tensor, size: int) -> Tensor:
    """Pictures (N, 3, H, W) uint8 at another size, a few at a time."""
    parts = [
        F.interpolate(part.float(), (size, size), mode="bilinear").round().clamp(0, 255).to(torch.uint8)
        for part in images.split(500)
    ]
    return torch.cat(parts)


def make_decoder(
    encoder: Encoder, train: CaptionedImages, dev: CaptionedImages, vocabulary: Vocabulary, frozen: bool, log: Log
) -> Decoder:
    """Second stage: a decoder on what the encoder sees of the photos and of their mirror images.

    Args:
        encoder: which does not change.
        train, dev: the splits; the second is only measured for the log.
        vocabulary: of the training captions.
        frozen: read and write words by counted vectors that do not change, instead of learning them.
        log: receives a JSON line an epoch.
    """
    stage = "decoder-frozen" if frozen else "decoder"
    decoder, path = fresh_decoder(len(vocabulary)), stage_path(stage)
    if frozen:
        decoder.embedding.weight.data.copy_(frozen_vectors(train, vocabulary))
        decoder.embedding.requires_grad_(False)
    if path.is_file():
        captioner.load(path, None, decoder)
        return decoder.eval()
    started = time.perf_counter()
    see = partial(captioner.see_all, encoder, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    sentences, photos = captioner.encode_captions(train, vocabulary, LONGEST)
    captioner.train_decoder(
        decoder,
        [see(train.images), see(train.images, mirrored=True)],
        sentences,
        photos,
        epochs=DECODER_EPOCHS,
        learning_rate=2e-3,
        batch_size=128,
        smoothing=SMOOTHING,
        doubly=DOUBLY,
        seed=0,
        log=log,
        check=checker(encoder, decoder, vocabulary, dev, see(dev.images)),
    )
    captioner.save(path, None, decoder)
    remember_seconds(stage, started)
    return decoder


def frozen_vectors(train: CaptionedImages, vocabulary: Vocabulary) -> Tensor:
    """(V, E) vectors counted from the training captions, of the length that learned ones start with.

    The marks occur in no caption. They get random vectors: where a sentence ends must have a vector to be told by.
    """
    sentences = [words for each in train.captions for words in each]
    vectors = torch.from_numpy(count_vectors(sentences, vocabulary, DECODER["embedding"], window=4))
    generator = torch.Generator().manual_seed(0)
    marks = torch.randn(len(MARKS), vectors.shape[1], generator=generator) * vectors.shape[1] ** -0.5
    return torch.cat([marks, vectors[len(MARKS) :]])


def assemble(encoder: Encoder, decoder: Decoder, vocabulary: Vocabulary) -> Captioner:
    """A captioner of parts that may still be in training."""
    preprocessing = Preprocessing(SIZE, SIZE, IMAGENET_MEAN, IMAGENET_STD, fit="squash")
    return Captioner(NAME, TITLE, encoder, decoder, vocabulary, preprocessing, {})


def checker(
    encoder: Encoder, decoder: Decoder, vocabulary: Vocabulary, dev: CaptionedImages, seen: Tensor | None = None
) -> Callable[[], dict[str, float]]:
    """Greedy BLEU-4 and CIDEr on the development photos, for the log; nothing is chosen by it.

    Args:
        encoder, decoder, vocabulary: which may be in training.
        dev: the photos.
        seen: what the encoder sees of them, where it does not change.
    """

    def check() -> dict[str, float]:
        whole = assemble(encoder, decoder, vocabulary)
        looked = captioner.see_all(encoder, dev.images, IMAGENET_MEAN, IMAGENET_STD) if seen is None else seen
        figures = score(describe_seen(whole, looked, 1), dev.captions)
        return {"dev_bleu4": figures["bleu4"], "dev_cider": figures["cider"]}

    return check


def make_together(
    encoder: Encoder, decoder: Decoder, train: CaptionedImages, dev: CaptionedImages, vocabulary: Vocabulary, log: Log
) -> None:
    """Third stage: encoder and decoder in place, end to end."""
    path = stage_path("together")
    if path.is_file():
        captioner.load(path, encoder, decoder)
        return
    started = time.perf_counter()
    sentences, _ = captioner.encode_captions(train, vocabulary, LONGEST)
    captioner.train_together(
        encoder,
        decoder,
        ask_mobilenet(train.images, views=3, scale=(0.7, 1.0), seed=1, log=log),
        sentences,
        SIZE,
        epochs=TOGETHER_EPOCHS,
        learning_rates=(4e-4, 3e-4),
        batch_size=24,
        smoothing=SMOOTHING,
        doubly=DOUBLY,
        lesson=0.5,
        seed=0,
        log=log,
        check=checker(encoder, decoder, vocabulary, dev),
    )
    captioner.save(path, encoder, decoder)
    remember_seconds("together", started)


def make_rewarded(
    encoder: Encoder, decoder: Decoder, train: CaptionedImages, dev: CaptionedImages, vocabulary: Vocabulary, log: Log
) -> None:
    """Fourth stage: the decoder in place, on what the encoder sees now, for the reward of its own sentences."""
    path = stage_path("rewarded")
    if path.is_file():
        captioner.load(path, None, decoder)
        return
    started = time.perf_counter()
    see = partial(captioner.see_all, encoder, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    sentences, _ = captioner.encode_captions(train, vocabulary, LONGEST)
    train_for_reward(
        decoder,
        [see(train.images), see(train.images, mirrored=True)],
        sentences,
        epochs=REWARD_EPOCHS,
        learning_rate=2e-4,
        batch_size=48,
        draws=5,
        likelihood=0.2,
        smoothing=SMOOTHING,
        doubly=DOUBLY,
        seed=0,
        log=log,
        check=checker(encoder, decoder, vocabulary, dev, see(dev.images)),
    )
    captioner.save(path, None, decoder)
    remember_seconds("rewarded", started)
