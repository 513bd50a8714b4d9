"""`models/photo-captioner`, from Flickr8k to the card; every stage's result waits in the cache."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from explorer.captioning.decoder import Decoder
from explorer.captioning.encoder import Encoder
from explorer.captioning.loading import MODELS, open_folder
from explorer.captioning.vocabulary import build_vocabulary
from explorer.datasets import DatasetMissing
from explorer.training import captioner
from explorer.training.caption_data import load_captions
from explorer.training.caption_scores import describe_seen, measure, measure_control, score
from explorer.training.captioner import Log
from explorer.training.captioner_stages import (
    DECODER,
    DECODER_EPOCHS,
    DISTIL_SIZES,
    DOUBLY,
    ENCODER,
    LEAST,
    NAME,
    REWARD_EPOCHS,
    SIZE,
    SMOOTHING,
    TITLE,
    TOGETHER_EPOCHS,
    assemble,
    frozen_vectors,
    make_decoder,
    make_encoder,
    make_rewarded,
    make_together,
    seconds_of,
)
from explorer.training.recipes import IMAGENET_MEAN, IMAGENET_STD


def make(log: Log) -> None:
    """All stages, and the folder with weights, vocabulary and card.

    Raises:
        DatasetMissing: Flickr8k or Imagenette is not on this machine.
    """
    train, dev = load_captions("train"), load_captions("dev")
    vocabulary = build_vocabulary((words for each in train.captions for words in each), LEAST)
    encoder = make_encoder(train.images, log).requires_grad_(False)
    decoder = make_decoder(encoder, train, dev, vocabulary, frozen=False, log=log)
    make_together(encoder, decoder, train, dev, vocabulary, log)
    make_rewarded(encoder, decoder, train, dev, vocabulary, log)
    folder = MODELS / NAME
    captioner.save(folder / "weights.safetensors", encoder, decoder)
    (folder / "vocabulary.json").write_text(vocabulary.to_json() + "\n", encoding="utf-8")
    save_file({"vectors": frozen_vectors(train, vocabulary).half()}, folder / "frozen_vectors.safetensors")
    before = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    # Measured after the second stage, which the later ones do not change.
    kept = {key: before[key] for key in ("embedding_comparison",) if key in before}
    write_card(folder, {**describe(folder, encoder, decoder, len(vocabulary)), **kept})
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


def describe(folder: Path, encoder: Encoder, decoder: Decoder, words: int) -> dict[str, Any]:
    """The card without what is measured."""
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
        "the encoder sees. Then both are trained together, still with that teacher, and at last the decoder on the "
        "CIDEr-D of sentences that it draws (Rennie et al. 2017).",
        "training": {
            "command": "python -m explorer.training.captioner_recipe",
            "stages": {
                "distil": [{"size": size, "epochs": epochs} for size, epochs in DISTIL_SIZES],
                "decoder": DECODER_EPOCHS,
                "together": TOGETHER_EPOCHS,
                "reward": REWARD_EPOCHS,
            },
            "label_smoothing": SMOOTHING,
            "doubly_stochastic": DOUBLY,
            "seed": 0,
            "seconds": seconds_of("encoder", "decoder", "together", "rewarded"),
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
    options = parser.parse_args()

    def log(line: str) -> None:
        print(line, flush=True)

    try:
        if options.evaluate:
            evaluate(log)
        elif options.compare_embeddings:
            compare_embeddings(log)
        else:
            make(log)
    except DatasetMissing as missing:
        print(missing, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
