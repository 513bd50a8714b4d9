"""`load_captioner`: a name in, a `Captioner` out. `list_captioners` reads no weights and imports no torch."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from explorer.captioning.captioner import Captioner

MODELS = Path(__file__).parents[2] / "models"
DEFAULT = "photo-captioner"
FILES = ("card.json", "vocabulary.json", "weights.safetensors")


class CaptionerUnknown(KeyError):
    """There is no captioner of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


class CaptionerBroken(ValueError):
    """The folder holds no captioner, or half of one; the message says what is wrong with it."""


@cache
def list_captioners() -> tuple[str, ...]:
    """Names of the captioners in `models/`, the one for photographs first."""
    names = [path.parent.name for path in MODELS.glob("*/vocabulary.json")]
    return tuple(sorted(names, key=lambda name: (name != DEFAULT, name)))


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
    from explorer.zoo.weights import read_weights

    where = resolve_device(device)
    lacking = [file for file in FILES if not (folder / file).is_file()]
    if lacking:
        raise CaptionerBroken(f"{folder.name} is no captioner: it lacks {', '.join(lacking)}.")
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        words = (folder / "vocabulary.json").read_text(encoding="utf-8")
        state, _ = read_weights((folder / "weights.safetensors").read_bytes())
        return _assemble(folder.name, card, words, state, where)
    except (WeightsRejected, RuntimeError, ValueError, KeyError, TypeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CaptionerBroken(f"{folder.name} is no captioner that can be opened ({first}).") from error


def _assemble(name: str, card: dict[str, Any], words: str, state: dict[str, Any], device: Any) -> Captioner:
    from explorer.captioning.captioner import Captioner
    from explorer.captioning.decoder import Decoder
    from explorer.captioning.encoder import Encoder
    from explorer.captioning.vocabulary import Vocabulary
    from explorer.zoo import Preprocessing

    vocabulary = Vocabulary.from_json(words)
    encoder = Encoder(**card["encoder"])
    decoder = Decoder(len(vocabulary), card["encoder"]["annotation"], **card["decoder"])
    for part, module in (("encoder", encoder), ("decoder", decoder)):
        own = {key.removeprefix(f"{part}."): value for key, value in state.items() if key.startswith(f"{part}.")}
        module.load_state_dict(own)
        module.eval().requires_grad_(False).to(device)
    preprocessing = Preprocessing(
        size=card["input_size"],
        resize=card["input_size"],
        mean=tuple(card["mean"]),
        std=tuple(card["std"]),
        fit="squash",
    )
    return Captioner(name, card["title"], encoder, decoder, vocabulary, preprocessing, card)
