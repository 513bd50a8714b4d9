"""The concepts of a layer in words, in a table and as Python."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.rendering import format_percent
from explorer.saliency.concepts.naming import LEAST, Concepts
from explorer.snippet import snippet
from explorer.text import significant


def describe_concepts(concepts: Concepts, labels: Sequence[str], target: int) -> str:
    """How much of the maps the concepts hold, and which of them speaks most for a class.

    Args:
        concepts: of a layer.
        labels: of the classes.
        target: the class.
    """
    gains = concepts.gains[:, target]
    kept = format_percent(concepts.factors.kept)
    if not concepts.factors.maps.any():
        return f"The maps of `{concepts.layer}` are zero everywhere on this photo: there is nothing to take apart."
    said = (
        f"{len(gains)} concepts hold {kept} of what the maps of `{concepts.layer}` say (of the sum of their squares). "
    )
    best = int(gains.argmax())
    if gains[best] < LEAST:
        return said + (
            f"None of them speaks for {labels[target]}: taken out alone, none costs it {LEAST:g} of its logit or more."
        )
    return said + (
        f"**Concept {best + 1}** speaks most for {labels[target]}: without it the class would lose "
        f"{significant(gains[best])} of its logit, and it is the strongest in "
        f"{format_percent(float(concepts.covered()[best]))} of the cells."
    )


def concept_rows(concepts: Concepts, labels: Sequence[str], target: int) -> list[dict[str, str]]:
    """A table of the concepts, by the titles of its columns."""
    return [
        {
            "Concept": str(number + 1),
            "Speaks for": name_concept(concepts, labels, number),
            f"For {labels[target]}": significant(concepts.gains[number, target]),
            "Strongest in": format_percent(float(share)),
        }
        for number, share in enumerate(concepts.covered())
    ]


def name_concept(concepts: Concepts, labels: Sequence[str], number: int) -> str:
    """The classes that a concept speaks for, with the logits that they owe to it."""
    best = concepts.best_classes(number)
    said = ", ".join(f"{labels[each]} ({significant(concepts.gains[number, each])})" for each in best)
    return said or "no class"


def concepts_snippet(opening: Sequence[str], layer: str, count: int, seed: int) -> str:
    """Python that gives the concepts on the page; `opening` gives `model`, `preprocessing` and `image`."""
    return snippet(
        *opening,
        "from explorer.saliency import find_concepts",
        f"concepts = find_concepts(model, preprocessing.tensor(image), {count}, {layer!r}, seed={seed})",
        "maps = concepts.factors.maps  # (concepts, rows, columns)",
        'print("kept", concepts.factors.kept)',
        f"for number in range({count}):",
        "    print(number + 1, [model.classes[each] for each in concepts.best_classes(number)], maps[number].max())",
    )
