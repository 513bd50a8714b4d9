"""A captioner with random weights on a shelf of its own, so that the Captions page is quick to test.

It says many different words, which is what the tests need; what it says means nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

from explorer.captioning import Captioner, Decoder, Encoder
from explorer.captioning.embeddings import FROZEN_FILE
from explorer.captioning.vocabulary import MARKS
from explorer.ui.captions.subject import CaptionSubject
from explorer.ui.session.pictures import get_picture
from tests.pages.opening import run_snippet

TALKATIVE, SILENT = 11, 133  # seeds of weights that have many words, and none, for the first sample
WORDS = tuple(
    f"{colour}{thing}" if colour else thing
    for colour in ("", "red", "blue", "small", "old", "wet")
    for thing in ("dog", "cat", "boy", "girl", "ball", "grass", "water", "snow", "runs", "sits", "jumps", "stands")
)
_ENCODER = {"stem": [4, 4], "stem_strides": [2, 2], "widths": [4, 8], "blocks": [1, 1], "annotation": 8}
_DECODER = {"embedding": 12, "hidden": 14, "attention": 9}


def make_folder(own: Path, seed: int = TALKATIVE, card: dict[str, Any] | None = None, frozen: bool = False) -> Path:
    """A captioner's folder.

    Args:
        own: where to make it; its name is the captioner's.
        seed: of the weights.
        card: more entries of the card.
        frozen: whether frozen vectors lie beside the weights.
    """
    own.mkdir(parents=True)
    size = len(MARKS) + len(WORDS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(**_ENCODER)
        decoder = Decoder(size, _ENCODER["annotation"], **_DECODER)
        for parameter in decoder.parameters():
            parameter.data.mul_(5.0)
        # Words that are short beside what follows from memory and photo: none is its own likeliest successor.
        decoder.embedding.weight.data.div_(5.0)
        decoder.energy.weight.data.mul_(6.0)
        decoder.from_hidden.weight.data.mul_(3.0)
        decoder.from_context.weight.data.mul_(3.0)
        frozen_vectors = torch.randn(size, 12)
    parts = {f"encoder.{key}": value.contiguous() for key, value in encoder.state_dict().items()}
    parts |= {f"decoder.{key}": value.contiguous() for key, value in decoder.state_dict().items()}
    save_file(parts, own / "weights.safetensors")
    (own / "vocabulary.json").write_text(json.dumps([*MARKS, *WORDS]), encoding="utf-8")
    facts = {
        "name": own.name,
        "title": "Random weights",
        "encoder": _ENCODER,
        "decoder": _DECODER,
        "input_size": 32,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.1, 0.1, 0.1],
    }
    (own / "card.json").write_text(json.dumps(facts | (card or {})), encoding="utf-8")
    if frozen:
        frozen_vectors[: len(MARKS)] = 0
        frozen_vectors[size - 1] = 0  # a word that never stood near another
        save_file({"vectors": frozen_vectors}, own / FROZEN_FILE)
    return own


def caption_subject_of(app: AppTest) -> CaptionSubject:
    """What the page looks at, by its widgets."""
    label = app.session_state["image"]
    return CaptionSubject(get_picture(label), app.session_state["captioner"], app.session_state["device"])


def best_words(captioner: Captioner, subject: CaptionSubject, width: int = 3) -> tuple[str, ...]:
    """The sentence, by the library alone."""
    return tuple(captioner.vocabulary.decode(captioner.search(subject.seen, width).best))


def run_code(app: AppTest) -> list[dict[str, Any]]:
    """Every snippet on the page, executed as it stands: the names that it leaves."""
    return [run_snippet(code.value)[0] for code in app.code]
