"""A paragraph as words to learn vectors from: a person's own, or the one that stands there at first."""

from __future__ import annotations

from collections import Counter
from typing import Final

from explorer.captioning.vocabulary import MARKS, Vocabulary, split_words
from explorer.text import count_text

MOST: Final = 2_000  # words
FEWEST: Final = 30  # so too
KINDS: Final = 8  # different words at least
OWN: Final = """\
In the morning the farmer drinks coffee in the kitchen. The farmer gives the horse hay, and the horse eats hay in the
stable. The farmer gives the cow hay, and the cow eats hay in the stable. The cat drinks milk in the kitchen. The dog
drinks water in the yard. In the evening the farmer drinks tea in the kitchen, and the child drinks milk in the
kitchen. The king lives in the castle. The queen lives in the castle. The king rules the land, and the queen rules the
land. The king wears a crown and the queen wears a crown. The prince is the son of the king. The princess is the
daughter of the queen. The prince rides a horse to the castle, and the princess rides a horse to the forest. In the
forest the fox hunts the rabbit, and the wolf hunts the sheep. The fox sleeps in the forest. The wolf sleeps in the
forest. The rabbit eats grass in the meadow. The sheep eats grass in the meadow. The cow eats grass in the meadow. The
horse eats grass in the meadow. The dog guards the sheep in the meadow. The dog hunts the cat in the yard, and the cat
hunts the mouse in the kitchen. The mouse eats cheese in the kitchen. The child eats bread in the kitchen. The farmer
eats bread and cheese in the kitchen. The king eats meat and drinks wine in the castle. The queen eats fruit and
drinks wine in the castle. The sailor lives on the ship. The sailor drinks rum on the ship. The captain lives on the
ship. The captain rules the ship, as the king rules the land. The ship sails on the sea. The boat sails on the river.
The fish swims in the sea. The fish swims in the river. The sailor eats fish on the ship. The captain eats fish and
drinks wine on the ship. The cat eats fish in the yard. In summer the sun shines on the meadow and on the sea. In
winter the snow lies on the meadow and on the castle. In summer the child swims in the river. In winter the child
sleeps in the house. In winter the cow sleeps in the stable, and the horse sleeps in the stable. In summer the cow
sleeps in the meadow, and the horse sleeps in the meadow.
"""


class ParagraphRejected(ValueError):
    """A text that no vectors can be learned from; the message says why and what would do."""


def read_paragraph(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case; of a longer one the first `MOST`.

    Raises:
        ParagraphRejected: too few words, or too few different ones.
    """
    words = split_words(text)
    if len(words) < FEWEST:
        raise ParagraphRejected(
            f"This has {count_text(len(words), 'word')}; {FEWEST} at least are needed, a few hundred are better."
        )
    if len(set(words)) < KINDS:
        said = count_text(len(set(words)), "different word")
        raise ParagraphRejected(f"This has {said}; {KINDS} at least are needed to tell one from another.")
    return tuple(words[:MOST])


def number_words(words: tuple[str, ...]) -> Vocabulary:
    """All different words, the most frequent first, behind the marks."""
    return Vocabulary((*MARKS, *(word for word, _ in Counter(words).most_common())))
