"""`models/photo-captioner` and `models/photo-transformer`, from Flickr8k to the card; stages wait in the cache.

Both describe what a frozen EfficientNet-Lite0 sees. First they learn from what people wrote, then from the reward of
sentences that they draw themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from explorer.captioning.caption_decoder import CaptionDecoder
from explorer.captioning.captioner import Captioner
from explorer.captioning.encoder import PhotoEncoder, annotation_vectors
from explorer.captioning.loading import MODELS, build_decoder, open_folder, open_lite, photo_preprocessing
from explorer.captioning.noun_cells import KEPT, NounCells
from explorer.captioning.nouns import NOUNS
from explorer.captioning.vocabulary import Vocabulary, build_vocabulary
from explorer.disk import cache_folder
from explorer.training import captioner
from explorer.training.caption_data import CaptionedImages, load_captions
from explorer.training.caption_scores import describe_seen, measure, measure_control, score
from explorer.training.captioner import Lessons, Log, encode_captions, train_decoder
from explorer.training.captioner_reward import train_for_reward
from explorer.training.datasets import needs_data
from explorer.training.noun_swaps import swap_nouns

NETWORK = "efficientnet-lite0"
SIZE = 256
LEAST = 5  # times that a word must occur among the training captions to be written without copying
LONGEST = 18  # words of a training caption; longer ones are cut
SMOOTHING = 0.1
WAYS = 4  # of looking at a training photo, see `look_at`


@dataclass(frozen=True)
class Plan:
    """How one of the two is made.

    Attributes:
        title: one line for people.
        decoder: arguments of the decoder, as the card has them.
        dropout: in training.
        epochs, learning_rate, weight_decay: of the first stage.
        doubly: weight of the doubly stochastic penalty.
        reward_epochs, reward_rate: of the second.
    """

    title: str
    decoder: dict[str, Any]
    dropout: float
    epochs: int
    learning_rate: float
    weight_decay: float
    doubly: float
    reward_epochs: int
    reward_rate: float


PLANS = {
    "photo-captioner": Plan(
        title="Show, attend and tell, Flickr8k",
        decoder={"kind": "lstm", "embedding": 400, "cell": 400, "hidden": 480, "attention": 128},
        dropout=0.5,
        epochs=10,
        learning_rate=2e-3,
        weight_decay=0.0,
        doubly=0.5,
        reward_epochs=6,
        reward_rate=2e-4,
    ),
    "photo-transformer": Plan(
        title="A small Transformer, Flickr8k",
        decoder={"kind": "transformer", "embedding": 320, "layers": 3, "heads": 8, "inner": 768, "longest": 26},
        dropout=0.3,
        epochs=10,
        learning_rate=1e-3,
        weight_decay=0.02,
        doubly=0.0,
        reward_epochs=5,
        reward_rate=1e-4,
    ),
}
BATCH, REWARD_BATCH, DRAWS, LIKELIHOOD = 32, 48, 4, 0.2


@torch.inference_mode()
def look_at(images: Tensor, way: int = 0) -> Tensor:
    """Annotation vectors (N, L, D) fp16 of photos (N, 3, H, W) uint8.

    Args:
        images: of one size.
        way: 0 as they are; the odd ones mirrored; from 2 on a part of each photo, drawn anew.
    """
    encoder = PhotoEncoder(open_lite(NETWORK)).to(memory_format=torch.channels_last)
    preprocessing = photo_preprocessing(SIZE)
    generator = torch.Generator().manual_seed(way)
    seen = []
    for part in images.split(32):
        shown = [image if way < 2 else take_part(image, generator) for image in part]
        x = torch.cat([preprocessing.tensor(Image.fromarray(image.permute(1, 2, 0).numpy())) for image in shown])
        x = (x.flip(-1) if way % 2 else x).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            seen.append(annotation_vectors(encoder(x)).half().clone())
    return torch.cat(seen)


def take_part(image: Tensor, generator: torch.Generator) -> Tensor:
    """A part of an image (3, H, W) with 75 to 100 % of each side, anywhere."""
    where = []
    for side in image.shape[1:]:
        kept = round(side * (0.75 + 0.25 * float(torch.rand((), generator=generator))))
        first = int(torch.randint(0, side - kept + 1, (), generator=generator))
        where.append(slice(first, first + kept))
    return image[:, where[0], where[1]]


def look_once(split: str, images: Tensor, way: int = 0) -> Tensor:
    """The same, from the cache where it has been done."""
    path = cache_folder() / "photo-captioner" / f"{split}-{way}-{SIZE}.pt"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(look_at(images, way), path)
    seen: Tensor = torch.load(path, weights_only=True)
    return seen


def make_vocabulary(train: CaptionedImages) -> tuple[Vocabulary, int]:
    """Words of the captions, then nouns that can only be copied; and how many the first are."""
    known = build_vocabulary((words for each in train.captions for words in each), LEAST)
    return Vocabulary((*known.words, *(noun for noun in NOUNS if noun not in known))), len(known)


def make_lessons(train: CaptionedImages, vocabulary: Vocabulary) -> Lessons:
    """Every training photo, looked at in several ways, and those that allow it once more with another noun."""
    looks = tuple(look_once("train", train.images, way) for way in range(WAYS))
    nouns, probabilities = name_all(looks[0], vocabulary)
    swaps = swap_nouns(train.captions, nouns, probabilities, torch.Generator().manual_seed(0))
    changed = CaptionedImages(train.images[swaps.photos], swaps.captions, ())
    return Lessons(
        looks,
        torch.cat([torch.arange(len(train.images)), swaps.photos]),
        torch.cat([encode_captions(each, vocabulary, LONGEST) for each in (train, changed)]),
        torch.cat([nouns, swaps.nouns]),
        torch.cat([probabilities, swaps.probabilities]),
    )


@torch.inference_mode()
def name_all(seen: Tensor, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Nouns (N, K) of photos by number, and their probabilities (N, K)."""
    words = [vocabulary.words.index(noun) for noun in NOUNS]
    cells = NounCells(open_lite(NETWORK).classifier, words, len(vocabulary), 1)
    found = [cells(part.float()) for part in seen.split(500)]
    return torch.cat([each.numbers for each in found]), torch.cat([each.probabilities for each in found])


def fresh_decoder(plan: Plan, vocabulary: Vocabulary, known: int) -> CaptionDecoder:
    """A decoder that knows nothing yet."""
    torch.manual_seed(1)
    classifier = open_lite(NETWORK).classifier
    return build_decoder(
        {**plan.decoder, "known": known}, vocabulary, PhotoEncoder.annotation, classifier, plan.dropout
    )


def make(name: str, log: Log) -> None:
    """Both stages, and the folder with weights, vocabulary and card.

    Raises:
        DatasetMissing: Flickr8k is not on this machine.
    """
    plan, train, dev = PLANS[name], load_captions("train"), load_captions("dev")
    vocabulary, known = make_vocabulary(train)
    lessons = make_lessons(train, vocabulary)
    log(json.dumps({"photos": len(train.images), "with another noun": len(lessons) - len(train.images)}))
    decoder = fresh_decoder(plan, vocabulary, known)
    seen = look_once("dev", dev.images)
    check = checker(decoder, vocabulary, dev, seen)
    seconds = 0
    for stage, run in (("written", _learn), ("rewarded", _earn)):
        path = cache_folder() / name / f"{stage}.safetensors"
        clock = path.with_suffix(".seconds")
        if path.is_file():
            captioner.load(path, None, decoder)
            decoder.eval()
        else:
            started = time.perf_counter()
            run(plan, decoder, lessons, log, check)
            captioner.save(path, None, decoder)
            clock.write_text(str(round(time.perf_counter() - started)), encoding="utf-8")
        seconds += int(clock.read_text(encoding="utf-8"))
    folder = MODELS / name
    captioner.save(folder / "weights.safetensors", None, decoder)
    (folder / "vocabulary.json").write_text(vocabulary.to_json() + "\n", encoding="utf-8")
    write_card(folder, describe(name, decoder, len(vocabulary), known, seconds))
    evaluate(name, log)


def _learn(
    plan: Plan, decoder: CaptionDecoder, lessons: Lessons, log: Log, check: Callable[[], dict[str, float]]
) -> None:
    train_decoder(
        decoder,
        lessons,
        plan.epochs,
        plan.learning_rate,
        BATCH,
        SMOOTHING,
        plan.doubly,
        seed=0,
        log=log,
        check=check,
        weight_decay=plan.weight_decay,
    )


def _earn(
    plan: Plan, decoder: CaptionDecoder, lessons: Lessons, log: Log, check: Callable[[], dict[str, float]]
) -> None:
    train_for_reward(
        decoder,
        lessons,
        plan.reward_epochs,
        plan.reward_rate,
        REWARD_BATCH,
        DRAWS,
        LIKELIHOOD,
        SMOOTHING,
        plan.doubly,
        seed=0,
        log=log,
        check=check,
    )


def checker(
    decoder: CaptionDecoder, vocabulary: Vocabulary, dev: CaptionedImages, seen: Tensor
) -> Callable[[], dict[str, float]]:
    """Greedy BLEU-4 and CIDEr on the development photos, for the log; nothing is chosen by it."""

    def check() -> dict[str, float]:
        figures = score(describe_seen(decoder, vocabulary, seen, 1), dev.captions)
        return {"dev_bleu4": figures["bleu4"], "dev_cider": figures["cider"]}

    return check


def evaluate(name: str, log: Log) -> None:
    """Measure what is shipped on the test photos, and put it on the card."""
    folder, test = MODELS / name, load_captions("test")
    shipped: Captioner = open_folder(folder, device="cpu")
    seen = look_once("test", test.images)
    figures, control = measure(shipped, test, seen), measure_control(shipped, test, seen)
    log(json.dumps({"test": figures, "control": control}))
    card = dict(shipped.card)
    card["accuracy"] = {
        "metrics": figures,
        "split": f"test, {len(test.images):,} photos, five references each",
        "library": "pycocoevalcap, lower-case words without punctuation on both sides",
        "command": f"python -m explorer.training.photo_captioner --evaluate {name}",
    }
    card["attention_control"] = {**control, "note": "beam 3, test photos; the decoder was not trained for it"}
    write_card(folder, card)


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """`card.json`, readable by people; it names the files that lie beside the weights by their sha256."""
    beside = [path for path in sorted(folder.glob("*.safetensors")) if path.name != "weights.safetensors"]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in beside}
    card = {**card, "files": files} if files else card
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def describe(name: str, decoder: CaptionDecoder, words: int, known: int, seconds: int) -> dict[str, Any]:
    """The card without what is measured."""
    plan = PLANS[name]
    return {
        "name": name,
        "title": plan.title,
        "parameters": sum(p.numel() for part in (PhotoEncoder(open_lite(NETWORK)), decoder) for p in part.parameters()),
        "words": words,
        "encoder": {"network": NETWORK},
        "decoder": {**plan.decoder, "known": known},
        "input_size": SIZE,
        "data": {
            "name": "Flickr8k at 160 px",
            "licence": "photos belong to their owners: non-commercial research and education",
            "cite": "Hodosh et al. 2013, Framing Image Description as a Ranking Task",
            "split": "the official one: 6,000 photos to train, 1,000 to develop, 1,000 to test",
        },
        "note": "The encoder is EfficientNet-Lite0 with its ImageNet weights, not trained and not stored here. "
        f"Its {KEPT} most probable nouns stand beside the cells; the decoder may copy them. It learned from what "
        "people wrote, and then from the CIDEr-D of sentences that it drew (Rennie et al. 2017).",
        "training": {
            "command": f"python -m explorer.training.photo_captioner {name}",
            "epochs": plan.epochs,
            "reward_epochs": plan.reward_epochs,
            "learning_rates": [plan.learning_rate, plan.reward_rate],
            "label_smoothing": SMOOTHING,
            "doubly_stochastic": plan.doubly,
            "seed": 0,
            "seconds": seconds,
            "machine": "2 CPU cores shared with other work, bf16 autocast",
            "date": date.today().isoformat(),
        },
        "knows": "It learned to write from 6,000 photos, mostly of people and dogs outdoors; what else it names, it "
        "copies from the classifier's 1,000 classes.",
        "storage": "fp16 weights, fp32 biases",
        "sha256": hashlib.sha256((MODELS / name / "weights.safetensors").read_bytes()).hexdigest(),
    }


@needs_data
def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m explorer.training.photo_captioner", description=__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(PLANS), metavar="NAME", help=", ".join(PLANS))
    parser.add_argument("--evaluate", action="store_true", help="measure what is shipped instead of training")
    options = parser.parse_args()

    def log(line: str) -> None:
        print(line, flush=True)

    for name in options.names:
        (evaluate if options.evaluate else make)(name, log)


if __name__ == "__main__":
    sys.exit(main())
