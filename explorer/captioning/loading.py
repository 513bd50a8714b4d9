"""`load_captioner`: a name in, a `Captioner` out. `list_captioners` reads no weights and imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.text import NameUnknown
from explorer.zoo import list_shipped, read_card

if TYPE_CHECKING:
    from torch import nn

    from explorer.captioning.caption_decoder import CaptionDecoder
    from explorer.captioning.captioner import Captioner
    from explorer.captioning.vocabulary import Vocabulary
    from explorer.zoo import Preprocessing
    from explorer.zoo.efficientnet_lite import EfficientNetLite

MODELS = Path(__file__).parents[2] / "models"
DEFAULT = "photo-captioner"
KINDS_FILE = "kinds.safetensors"  # of the photos that all photo captioners learned from
FILES = ("card.json", "vocabulary.json", "weights.safetensors")


class CaptionerUnknown(NameUnknown):
    """There is no captioner of that name."""


class CaptionerBroken(ValueError):
    """The folder holds no captioner, or half of one; the message says what is wrong with it."""


@cache
def list_captioners() -> tuple[str, ...]:
    """Names of the captioners in `models/` whose encoder is here too, the one for photographs first."""
    names = [path.parent.name for path in MODELS.glob("*/vocabulary.json") if _has_encoder(path.parent)]
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


def _has_encoder(folder: Path) -> bool:
    """Whether what a captioner sees with is in its own file, or a network whose weights are on this machine."""
    try:
        network = json.loads((folder / "card.json").read_text(encoding="utf-8"))["encoder"].get("network")
    except (OSError, ValueError, KeyError, AttributeError):
        return True  # opening it says what is wrong
    return network is None or network in list_shipped()


def load_captioner(name: str = DEFAULT, device: str = "auto") -> Captioner:
    """Open a captioner of `models/`.

    Args:
        name: one of `list_captioners()`.
        device: as for `explorer.zoo.load_model`.

    Raises:
        CaptionerUnknown: no such captioner.
        DeviceUnavailable: no such device.
    """
    if name not in list_captioners():
        raise CaptionerUnknown(f"There is no captioner {name!r}; there are {', '.join(list_captioners()) or 'none'}.")
    return open_folder(MODELS / name, device)


def open_folder(folder: Path, device: str = "auto") -> Captioner:
    """Open a folder with a card, a vocabulary and weights.

    Raises:
        CaptionerBroken: something is missing, or the three do not belong together.
        DeviceUnavailable: no such device.
    """
    from explorer.device import resolve_device
    from explorer.zoo import WeightsRejected
    from explorer.zoo.weights import read_known, read_weights

    where = resolve_device(device)
    lacking = [file for file in FILES if not (folder / file).is_file()]
    if lacking:
        raise CaptionerBroken(f"{folder.name} is no captioner: it lacks {', '.join(lacking)}.")
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        words = (folder / "vocabulary.json").read_text(encoding="utf-8")
        weights = folder / "weights.safetensors"
        state, _ = read_weights(read_known(weights, card["sha256"]) if "sha256" in card else weights.read_bytes())
        return _assemble(folder.name, card, words, state, where)
    except (WeightsRejected, RuntimeError, ValueError, KeyError, TypeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CaptionerBroken(f"{folder.name} is no captioner that can be opened ({first}).") from error


def is_known(path: Path) -> bool:
    """Whether a file beside a captioner's weights is the one that the card names; where that names none, any is."""
    card = path.with_name("card.json")
    files = json.loads(card.read_text(encoding="utf-8")).get("files", {}) if card.is_file() else {}
    return path.name not in files or hashlib.sha256(path.read_bytes()).hexdigest() == files[path.name]


def photo_preprocessing(size: int) -> Preprocessing:
    """What a photo goes through before EfficientNet-Lite0 describes all of it: squashed, not cropped."""
    from dataclasses import replace

    from explorer.zoo import describe_preprocessing

    return replace(describe_preprocessing(read_card("efficientnet-lite0")), size=size, resize=size, fit="squash")


def open_lite(name: str) -> EfficientNetLite:
    """The network that photo captioners see with, on the CPU.

    Raises:
        WeightsUnavailable: the package with its weights is not installed.
    """
    from explorer.zoo import load_model
    from explorer.zoo.efficientnet_lite import EfficientNetLite

    network = load_model(name, device="cpu").network
    assert isinstance(network, EfficientNetLite)
    return network


def build_decoder(
    card: Mapping[str, Any], vocabulary: Vocabulary, annotation: int, classifier: nn.Linear | None, dropout: float = 0.0
) -> CaptionDecoder:
    """A decoder with weights that know nothing.

    Args:
        card: its arguments; "kind" is "lstm" or "transformer", "known" how many words it may write without copying.
        vocabulary: its words.
        annotation: width of the encoder's annotation vectors.
        classifier: whose classes' nouns it may copy; None for a decoder that copies nothing.
        dropout: in training.

    Raises:
        ValueError: the vocabulary lacks a noun that may be copied.
    """
    from explorer.captioning.decoder import Decoder
    from explorer.captioning.noun_cells import NounCells
    from explorer.captioning.nouns import NOUNS
    from explorer.captioning.transformer import TransformerDecoder

    arguments = {**card, "words": len(vocabulary), "annotation": annotation, "dropout": dropout}
    kind = arguments.pop("kind", "lstm")
    if classifier is not None:
        if missing := [noun for noun in NOUNS if noun not in vocabulary]:
            raise ValueError(f"its vocabulary lacks {', '.join(missing[:3])}")
        words = vocabulary.encode(NOUNS)
        arguments["nouns"] = NounCells(classifier, words, len(vocabulary), arguments["embedding"])
    return TransformerDecoder(**arguments) if kind == "transformer" else Decoder(**arguments)


def _assemble(name: str, card: dict[str, Any], words: str, state: dict[str, Any], device: Any) -> Captioner:
    from explorer.captioning.captioner import Captioner
    from explorer.captioning.encoder import Encoder, PhotoEncoder
    from explorer.captioning.familiarity import Familiarity
    from explorer.captioning.vocabulary import Vocabulary
    from explorer.zoo import Preprocessing

    vocabulary = Vocabulary.from_json(words)
    network = card["encoder"].get("network")
    if network is None:
        encoder: Encoder | PhotoEncoder = Encoder(**card["encoder"])
        encoder.load_state_dict(_part("encoder", state))
        size = card["input_size"]
        preprocessing = Preprocessing(size, size, tuple(card["mean"]), tuple(card["std"]), fit="squash")
        decoder = build_decoder(card["decoder"], vocabulary, encoder.annotation, None)
        classes, familiarity = (), None
    else:
        classifying = open_lite(network)
        encoder = PhotoEncoder(classifying)
        preprocessing = photo_preprocessing(card["input_size"])
        decoder = build_decoder(card["decoder"], vocabulary, encoder.annotation, classifying.classifier)
        kinds = MODELS / DEFAULT / KINDS_FILE
        if kinds.is_file() and not is_known(kinds):
            raise ValueError(f"{KINDS_FILE} of {DEFAULT} is damaged or was changed; get it from the project again")
        classes, familiarity = tuple(read_card(network)["classes"]), Familiarity.open(kinds)
    decoder.load_state_dict(_part("decoder", state))
    for module in (encoder, decoder):
        module.eval().requires_grad_(False).to(device)
    return Captioner(name, card["title"], encoder, decoder, vocabulary, preprocessing, card, classes, familiarity)


def _part(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors of one part of a captioner."""
    return {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
