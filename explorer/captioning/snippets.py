"""Python that gives what the Captions page shows.

`opening` are lines that give `captioner` and `image`, and where it is looked at `x`, the input, and `a`, the vectors.
"""

from __future__ import annotations

from collections.abc import Sequence

from explorer.captioning.embeddings import NEAR, Plane, leading
from explorer.captioning.inside import Order
from explorer.captioning.interventions.moving import Move
from explorer.captioning.large_files import INSTALL
from explorer.captioning.search import DRAWS
from explorer.captioning.vocabulary import MARKS
from explorer.snippet import snippet


def attention_control_snippet(opening: Sequence[str], width: int) -> str:
    """Python that gives the sentences, their log probabilities and the correlations."""
    return snippet(
        *opening,
        "from explorer.captioning import occlude_words",
        "from explorer.captioning.interventions.attention_control import control_attention, correlate",
        f"controls = control_attention(captioner, a, {width})",
        "for control in controls:",
        "    print(control.attention, control.written.text, control.own.log_probability)",
        "own = controls[0].own",
        "drops = occlude_words(captioner, x, own.words)  # (words, rows, columns)",
        "correlation = correlate(own.attention, drops)",
        "print(correlation)",
    )


def beams_snippet(opening: Sequence[str], width: int, temperature: float, top_k: int, seed: int) -> str:
    """Python that gives both tables."""
    first = seed * DRAWS
    return snippet(
        *opening,
        f"beams = captioner.search(a, beam_size={width})",
        "for beam in beams.order:",
        "    words = captioner.vocabulary.decode(beams.sentence(beam))",
        "    print(round(float(beams.scores[-1, beam]), 3), ' '.join(words))",
        f"draws = [captioner.sample(a, {temperature!r}, {top_k}, seed) for seed in range({first}, {first + DRAWS})]",
        "for draw in draws:",
        "    print(round(draw.log_probability, 3), draw.text)",
    )


def caption_snippet(opening: Sequence[str], width: int) -> str:
    """Python that gives the caption on the page."""
    return snippet(
        *opening,
        f"caption = captioner.describe(image, beam_size={width})",
        "for word, probability in zip(caption.words, caption.probabilities):",
        "    print(f'{word:<16}{probability:8.2%}')",
        "print('log probability', caption.log_probability)",
    )


def covering_snippet(opening: Sequence[str], text: str, fill: str, width: int) -> str:
    """Python that hides the same part and gives both sentences."""
    return snippet(
        *opening,
        "from explorer.saliency import Cover, cover",
        f"mask = Cover.from_text({text!r}).mask(tuple(x.shape[2:]))",
        f"covered = captioner.look(cover(captioner, x, mask, {fill!r}))",
        f"old = captioner.search(a, {width}).best  # numbers of its words",
        f"new = captioner.search(covered, {width}).best",
        "whole, hidden = (captioner.follow(seen, [old])[0] for seen in (a, covered))",
        "written = captioner.follow(covered, [new])[0]",
        "print(whole.text, whole.log_probability, hidden.log_probability)",
        "print(written.text, written.log_probability)",
    )


def heads_snippet(opening: Sequence[str], width: int, word: int, layer: int | None, head: int | None) -> str:
    """Python that gives a word's map by layer and head."""
    return snippet(
        *opening,
        "from explorer.captioning.heads import read_heads",
        f"words = captioner.vocabulary.decode(captioner.search(a, {width}).best)",
        "caption = read_heads(captioner, a, words)",
        f"values = caption.map_of({word}, layer={layer}, head={head})  # (h, w)",
        f"print(caption.words[{word}], values.max(), caption.entropy[{word}].min())",
    )


def memory_snippet(opening: Sequence[str], width: int, by: str, order: Order) -> str:
    """Python that gives the gates, the cells and the order of the units."""
    return snippet(
        *opening,
        "from explorer.captioning.inside import look_inside, order_units",
        f"words = captioner.vocabulary.decode(captioner.search(a, {width}).best)",
        "memory = look_inside(captioner, a, words)  # gates and cells are (words, units)",
        f"units = order_units(memory, {by!r}, {order!r})",
        "for t, word in enumerate(words):",
        "    print(word, memory.input[t].mean(), memory.forget[t].mean(), memory.output[t].mean(), memory.beta[t])",
    )


def vectors_snippet(
    opening: Sequence[str], name: str, kind: str, plane: Plane, numbers: tuple[int, ...], number: int | None
) -> str:
    """Python that gives the places of the words and the nearest of one."""
    frequent = leading(numbers)
    read = (
        "vectors = captioner.decoder.embedding.weight.cpu().numpy()"
        if kind == "learned"
        else f"vectors = read_frozen(MODELS / {name!r}, len(captioner.vocabulary))"
    )
    names = ["nearest", "project", *(["read_frozen"] if kind == "frozen" else [])]
    more = [f"from explorer.captioning.embeddings import {', '.join(names)}"]
    if kind == "frozen":
        more.append("from explorer.captioning.loading import MODELS")
    lines = [
        *opening,
        *more,
        read,
        f"numbers = [*range({len(MARKS)}, {frequent}), *{list(numbers[frequent - len(MARKS) :])}]",
        f"points = project(vectors[numbers], {plane!r})  # (words, 2)",
        "for word, (x, y) in zip(captioner.vocabulary.decode(numbers), points):",
        "    print(word, x, y)",
    ]
    if number is not None:
        lines += [
            f"for other, cosine in nearest(vectors, {number}, {NEAR}):",
            "    print(captioner.vocabulary.words[other], cosine)",
        ]
    return snippet(*lines)


def moving_snippet(opening: Sequence[str], move: Move, width: int) -> str:
    """Python that leads the attention to the same cell and gives both sentences."""
    return snippet(
        *opening,
        "from explorer.captioning import moved, spot",
        f"old = captioner.follow(a, [captioner.search(a, {width}).best])[0]",
        f"steer = moved({move.step}, spot(captioner.grid, {move.row}, {move.column}, {move.radius}))",
        f"found = captioner.search(a, {width}, prefix=old.words[:{move.step}], steer=steer)",
        "new = captioner.follow(a, [found.best], steer)[0]",
        "led = captioner.read(a, old.words, steer)",
        "print(old.text, old.log_probability, led.log_probability)",
        "print(new.text, new.log_probability)",
    )


def sentence_snippet(opening: Sequence[str], words: Sequence[str], width: int) -> str:
    """Python that gives the bits on the page."""
    return snippet(
        *opening,
        "from math import log",
        f"caption = captioner.read(a, {list(words)!r})",
        "for word, bits in zip(caption.words, caption.surprise):",
        "    print(f'{word:<16}{bits:8.2f} bits')",
        f"own = captioner.describe(image, beam_size={width})",
        "print(f'this sentence {-caption.log_probability / log(2):.2f} bits')",
        "print(f'its own caption {-own.log_probability / log(2):.2f} bits')",
    )


def several_snippet(opening: Sequence[str], width: int) -> str:
    """Python that describes several pictures at once."""
    return snippet(
        *opening,
        f"for caption in captioner.describe_all([image], beam_size={width}):  # any number of pictures",
        "    print(caption.text, caption.log_probability)",
    )


def large_snippet(
    picture: Sequence[str], name: str, device: str, width: int, word: int, layer: int | None, head: int | None
) -> str:
    """Python that gives a large captioner's caption and a word's map by layer and head.

    Args:
        picture: lines that give `image`.
        name, device: for `load_large`.
        width: of the beam search.
        word, layer, head: of the map; None for the mean.
    """
    return f"# {INSTALL}\n" + snippet(
        *picture,
        "from explorer.captioning.large import load_large",
        f"captioner = load_large({name!r}, device={device!r})",
        f"caption = captioner.describe(image, beam_size={width})",
        f"values = caption.map_of({word}, layer={layer}, head={head})  # (h, w)",
        "print(caption.text, caption.log_probability)",
        f"print(caption.words[{word}], values.max(), caption.entropy[{word}].min())",
    )
