"""What vectors learned from a short text say, and how far they can be believed, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from explorer.captioning.vocabulary import MARKS
from explorer.sequences.words.skipgram import NEAR, SEEDS, WINDOW, Honesty, Trained, count_near, judge
from explorer.text import as_plain_text

_OFTEN: Final = 5  # times in the text
_SELDOM: Final = 2


def say_found(trained: Trained, words: Sequence[str], number: int, lists: Sequence[Sequence[int]]) -> str:
    """The word nearest to one, and how many of the nearest stay with other first weights.

    Args:
        trained: the vectors.
        words: the text.
        number: of the word.
        lists: numbers of the words nearest to it, by every seed.
    """
    name, *near = (as_plain_text(word) for word in trained.vocabulary.decode([number, *lists[0]]))
    stay = sum(all(each in other for other in lists[1:]) for each in lists[0])
    count = trained.counts[number]
    beside = count_near(trained.vocabulary.encode(words), number)
    together = sum(each in beside for each in lists[0])
    return (
        f"**After {len(words):,} words, “{near[0]}” is nearest to “{name}”, which comes {count} times.** From {SEEDS} "
        f"different first weights {stay} of its {len(lists[0])} nearest words are the same; {together} of them stand "
        f"within {WINDOW} words of it somewhere in the text. {len(trained.vocabulary) - len(MARKS):,} different words, "
        f"{trained.steps} steps of skip-gram with negative sampling."
    )


def say_honesty(trained: Trained, words: tuple[str, ...]) -> str:
    """What a text of this length can teach."""
    parts = []
    for said, found in (
        (f"that come {_OFTEN} times or more", judge(trained, words, _OFTEN)),
        ("that come once or twice", judge(trained, words, 1, _SELDOM)),
    ):
        if found is not None:
            parts.append(_say(said, found))
    return (
        f"**What so few words can teach:** {' '.join(parts)} It learns who stands beside whom and who stands in the "
        "same places; not what a word means where it is used otherwise, and of a word seen once only its one sentence."
    )


def _say(said: str, found: Honesty) -> str:
    return (
        f"Of the {NEAR} nearest words of the {found.words} {said}, {found.agreed:.1f} are the same from other first "
        f"weights ({found.by_chance:.1f} by chance) and {found.together:.1f} stand beside the word in the text."
    )
