"""`models/photo-captioner`, from Flickr8k to the card, stage by stage; every stage's result waits in the cache."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from explorer.captioning.captioner import Captioner
from explorer.captioning.decoder import Decoder
from explorer.captioning.embeddings import count_vectors
from explorer.captioning.encoder import Encoder
from explorer.captioning.loading import MODELS, open_folder
from explorer.captioning.vocabulary import MARKS, Vocabulary, build_vocabulary
from explorer.datasets import DatasetMissing, cache_folder
from explorer.training import captioner
from explorer.training.caption_data import CaptionedImages, load_captions
from explorer.training.caption_scores import describe_seen, measure, measure_control, score
from explorer.training.captioner import Log
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
DECODER_EPOCHS, TOGETHER_EPOCHS = 8, 6


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
        learning_rates=(5e-4, 5e-4),
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


def make(log: Log, together: bool = True) -> None:
    """All stages, and the folder with weights, vocabulary and card.

    Args:
        log: receives JSON lines.
        together: do the third stage; without it the second one is shipped.

    Raises:
        DatasetMissing: Flickr8k or Imagenette is not on this machine.
    """
    train, dev = load_captions("train"), load_captions("dev")
    vocabulary = build_vocabulary((words for each in train.captions for words in each), LEAST)
    encoder = make_encoder(train.images, log).requires_grad_(False)
    decoder = make_decoder(encoder, train, dev, vocabulary, frozen=False, log=log)
    if together:
        make_together(encoder, decoder, train, dev, vocabulary, log)
    folder = MODELS / NAME
    captioner.save(folder / "weights.safetensors", encoder, decoder)
    (folder / "vocabulary.json").write_text(vocabulary.to_json() + "\n", encoding="utf-8")
    save_file({"vectors": frozen_vectors(train, vocabulary).half()}, folder / "frozen_vectors.safetensors")
    write_card(folder, describe(folder, encoder, decoder, len(vocabulary), together))
    evaluate(log)


def compare_embeddings(log: Log) -> None:
    """The second stage with learned and with frozen vectors of words, measured on the test photos, for the card."""
    train, dev, test = (load_captions(split) for split in ("train", "dev", "test"))
    vocabulary = build_vocabulary((words for each in train.captions for words in each), LEAST)
    encoder = make_encoder(train.images, log).requires_grad_(False)
    seen = captioner.see_all(encoder, test.images, IMAGENET_MEAN, IMAGENET_STD)
    figures: dict[str, Any] = {}
    for name, frozen in (("learned", False), ("frozen", True)):
        decoder = make_decoder(encoder, train, dev, vocabulary, frozen, log)
        told = describe_seen(assemble(encoder, decoder, vocabulary), seen, 3)
        figures[name] = score(told, test.captions)
        log(json.dumps({name: figures[name]}))
    figures["note"] = "after the second stage, beam 3, test photos; frozen vectors serve to read and to write words"
    folder = MODELS / NAME
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    write_card(folder, {**card, "embedding_comparison": figures})


def evaluate(log: Log) -> None:
    """Measure what is shipped on the test photos, and put it on the card."""
    folder, test = MODELS / NAME, load_captions("test")
    shipped = open_folder(folder, device="cpu")
    figures, control = measure(shipped, test), measure_control(shipped, test)
    log(json.dumps({"test": figures, "control": control}))
    card = dict(shipped.card)
    card["accuracy"] = {
        "metrics": figures,
        "split": f"test, {len(test.images):,} photos, five references each",
        "library": "pycocoevalcap, lower-case words without punctuation on both sides",
        "command": "python -m explorer.training.captioner_recipe --evaluate",
    }
    card["attention_control"] = {**control, "note": "beam 3, test photos; the decoder was not trained for it"}
    write_card(folder, card)


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """`card.json`, readable by people."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def describe(folder: Path, encoder: Encoder, decoder: Decoder, words: int, together: bool) -> dict[str, Any]:
    """The card without what is measured."""
    last = " Then both are trained together, still with that teacher." if together else ""
    return {
        "name": NAME,
        "title": TITLE,
        "parameters": sum(p.numel() for part in (encoder, decoder) for p in part.parameters()),
        "words": words,
        "encoder": ENCODER,
        "decoder": DECODER,
        "input_size": SIZE,
        "mean": IMAGENET_MEAN,
        "std": IMAGENET_STD,
        "data": {
            "name": "Flickr8k at 160 px; Imagenette's photos, without labels, for the encoder",
            "licence": "photos belong to their owners: non-commercial research and education",
            "cite": "Hodosh et al. 2013, Framing Image Description as a Ranking Task; Howard 2019, Imagenette",
            "split": "the official one: 6,000 photos to train, 1,000 to develop, 1,000 to test",
        },
        "note": "After Xu et al. 2015. The encoder begins as photo-net with one more stage and learns, without labels, "
        "what a MobileNetV2 with ImageNet weights sees in every cell of random crops; the decoder is trained on what "
        f"the encoder sees.{last}",
        "training": {
            "command": "python -m explorer.training.captioner_recipe",
            "stages": {
                "distil": [{"size": size, "epochs": epochs} for size, epochs in DISTIL_SIZES],
                "decoder": DECODER_EPOCHS,
                "together": TOGETHER_EPOCHS if together else 0,
            },
            "label_smoothing": SMOOTHING,
            "doubly_stochastic": DOUBLY,
            "seed": 0,
            "seconds": seconds_of("encoder", "decoder", *(["together"] if together else [])),
            "machine": "2 CPU cores shared with other work, bf16 autocast",
            "date": date.today().isoformat(),
        },
        "knows": "It learned from 6,000 photos, mostly of people and dogs outdoors, and says of other things what is "
        "nearest to them.",
        "storage": "fp16 weights, fp32 biases and batch statistics",
        "sha256": hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest(),
    }


def main() -> int:
    """Parse the command line and do it; 2 where the data is missing."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.captioner_recipe", description=__doc__)
    parser.add_argument("--evaluate", action="store_true", help="measure what is shipped instead of training")
    parser.add_argument("--compare-embeddings", action="store_true", help="train a second decoder on frozen vectors")
    parser.add_argument("--without-last-stage", action="store_true", help="ship what the second stage gave")
    options = parser.parse_args()

    def log(line: str) -> None:
        print(line, flush=True)

    try:
        if options.evaluate:
            evaluate(log)
        elif options.compare_embeddings:
            compare_embeddings(log)
        else:
            make(log, together=not options.without_last_stage)
    except DatasetMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
