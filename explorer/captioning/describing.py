"""A caption, its search and its attention, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.captioning.caption import Caption
from explorer.captioning.captioner import Guess
from explorer.captioning.familiarity import Likeness
from explorer.captioning.inside import Memory
from explorer.captioning.search import Final
from explorer.rendering.figures.beam_tree import BeamNode
from explorer.text import count_text, format_percent, significant

KEPT = 0.9  # a unit that keeps more than this of its cell at every word carries something through the sentence
_TOLD = 8  # words of a beginning that are named
_NOTHING = "(no word)"


def say_copied(caption: Caption, guesses: Sequence[Guess]) -> str:
    """Which words came from the classifier, and what the classifier thought; "" where there is none."""
    if not guesses:
        return ""
    by_noun = {guess.noun: guess for guess in guesses}
    told = []
    for word, share in zip(caption.words, caption.copied, strict=True):
        if share > 0.5 and word in by_noun:
            guess = by_noun[word]
            told.append(
                f"“{word}” came from the classifier: {guess.title} {guess.title_probability:.0%}"
                + (
                    f", {format_percent(guess.probability)} with its kin"
                    if guess.probability > 1.05 * guess.title_probability
                    else ""
                )
            )
    others = ", ".join(f"{guess.noun} {format_percent(guess.probability)}" for guess in guesses)
    if not told:
        return f"No word was copied from the classifier, whose nouns were {others}."
    return f"{'; '.join(dict.fromkeys(told))}. Its nouns were {others}."


def say_likeness(likeness: Likeness) -> str:
    """How far the photo is from the training photos, in words and a number."""
    kinds = "; ".join(f"“{', '.join(kind.words)}”" for kind in likeness.nearest)
    lead = (
        f"The captioner is out of its depth here: this photo is more unlike its training photos than "
        f"{likeness.percentile:.0f} of 100 others of their collection."
        if likeness.unlike
        else f"More unlike its training photos than {likeness.percentile:.0f} of 100 others of their collection."
    )
    return f"{lead} The nearest kinds of training photos are {kinds}."


def say_still(caption: Caption) -> str:
    """What it means where the attention hardly changes."""
    return (
        "On this photo the attention hardly changes from word to word: on average only "
        f"{format_percent(caption.mean_move)} of it moves, so it says little about any single word."
    )


def say_sentence(caption: Caption) -> str:
    """The sentence as a whole."""
    return (
        f"The whole sentence, its end included, has a log probability of **{significant(caption.log_probability)}** "
        f"(natural logarithm): the sum over {count_text(len(caption.words), 'word')} and the end."
    )


def say(words: tuple[str, ...]) -> str:
    """A sentence as text, an empty one as well."""
    return " ".join(words) or _NOTHING


def say_search(nodes: list[BeamNode], finals: list[Final]) -> str:
    """How many branches died, and where the winner left the runner-up."""
    died = sum(node.leaf and node.fate == "dropped" for node in nodes)
    first = f"{count_text(died, 'branch').replace('branchs', 'branches')} died on the way, {len(finals)} came in."
    if len(finals) < 2:
        return f"{first} With one beam there is no runner-up: every step takes the likeliest word."
    winner, second = finals[0].words, finals[1].words
    shared = next(
        (place for place, pair in enumerate(zip(winner, second, strict=False)) if pair[0] != pair[1]),
        min(len(winner), len(second)),
    )

    def tell(words: tuple[str, ...]) -> str:
        return f"“{words[shared]}”" if shared < len(words) else "the end"

    beginning = " ".join(winner[max(0, shared - _TOLD) : shared])
    after = f"after “{'… ' if shared > _TOLD else ''}{beginning}”" if shared else "at the first word"
    return f"{first} The winner leaves the runner-up {after}: {tell(winner)} against {tell(second)}."


def say_memory(memory: Memory) -> str:
    """What the heatmaps say, in numbers."""
    kept = int((memory.forget.min(axis=0) > KEPT).sum())
    count = memory.forget.shape[1]
    least = memory.words[int(memory.forget.mean(axis=1).argmin())]
    open_, shut = memory.words[int(memory.beta.argmax())], memory.words[int(memory.beta.argmin())]
    return (
        f"{kept:,} of {count:,} units keep more than {100 * KEPT:.0f} % of their cell at every word; most is forgotten "
        f"at “{least}”. What was seen is let through most for “{open_}” (beta {significant(memory.beta.max())}) and "
        f"least for “{shut}” ({significant(memory.beta.min())})."
    )


def say_voice(layer: int | None, head: int | None) -> str:
    """Whose attention a map is."""
    who = "the mean of all heads" if head is None else f"head {head}"
    return f"{who} in the mean of all layers" if layer is None else f"{who} of layer {layer}"
