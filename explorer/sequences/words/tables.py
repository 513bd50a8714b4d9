"""The captioner's word vectors, without the captioner: one table learned with it, one counted and frozen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from explorer.captioning.embeddings import read_frozen
from explorer.captioning.loading import DEFAULT, MODELS
from explorer.captioning.vocabulary import Vocabulary
from explorer.zoo.weights import read_shipped

Kind = Literal["learned", "frozen"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, eq=False)
class Table:
    """A vector for each word.

    Attributes:
        vocabulary: V words, the marks first.
        vectors: (V, E); the rows of words that the captions do not have are left out.
    """

    vocabulary: Vocabulary
    vectors: NDArray[np.float32]


@cache
def load_table(kind: Kind) -> Table:
    """The table of the captioner for photographs.

    Raises:
        WeightsRejected: the file is not the one that the captioner's card names.
        ValueError: there are no frozen vectors beside it.
    """
    folder = MODELS / DEFAULT
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    words = Vocabulary.from_json((folder / "vocabulary.json").read_text(encoding="utf-8")).words
    known = card["decoder"]["known"]  # behind them stand nouns that are only ever copied
    if kind == "frozen":
        vectors = read_frozen(folder, len(words))
        if vectors is None:
            raise ValueError("There are no frozen vectors beside the captioner.")
    else:
        _, state = read_shipped(folder)
        vectors = state["decoder.embedding.weight"].numpy()
    return Table(Vocabulary(words[:known]), vectors[:known].copy())
