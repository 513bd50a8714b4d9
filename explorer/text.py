"""Numbers, shapes and names as people read them: three significant digits, units, unique labels, plain text."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from math import isfinite

# What means something in the middle of a line (an underscore within a word does not), and what would begin a list, a
# heading or a quotation.
_MARKS = re.compile(r"[\\`*\[\]<$~|&]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BEGINS = re.compile(r"^(\d*)(?=[-+#>.)])")
# Between the letters of what Streamlit makes something of in text that is parsed already: "www.", "http://" and "a@b",
# ":smile:" and ":material/home:", and "->", "<-", "<->", "--", ">=", "<=", "~=".
_LATE = re.compile(r"(?<=www)(?=\.)|(?<=[:@])(?=\S)|(?<=[-<>~])(?=[->=])", re.IGNORECASE)


class NameUnknown(KeyError):
    """There is nothing of that name. The message is a sentence for people, which KeyError would put in quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


def significant(value: float) -> str:
    """Three significant digits: 0.0123, 4.57, 1,230."""
    value = float(value)
    if not isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def format_percent(share: float) -> str:
    """Writes a probability in percent with three significant digits, such as "87.3 %" or "<0.001 %"."""
    percent = 100.0 * share
    if 0 < percent < 0.001:
        return "<0.001 %"
    return f"{percent:.3g} %" if percent < 99.95 or percent == 100.0 else f"{percent:.4g} %"


def with_unit(value: float, unit: str) -> str:
    """Thousands as k, M, G: 1.81 G, 802 kB."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".rstrip()


def shape_text(shape: Sequence[int]) -> str:
    """C × H × W."""
    return " × ".join(str(side) for side in shape)


def count_text(count: int, noun: str) -> str:
    """A number with its noun: 1 map, 17 maps."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def class_labels(names: tuple[str, ...]) -> list[str]:
    """Names that are unique: ImageNet has two cranes and two maillots."""
    twice = {name for name, count in Counter(names).items() if count > 1}
    return [f"{name} ({index})" if name in twice else name for index, name in enumerate(names)]


def can_be_shown(text: str) -> bool:
    """Whether a person sees this text as one line: something visible in it, and nothing that steers what is around it.

    Joiners, marks, spaces of all kinds and emoji newer than this Python are part of names in many scripts (Unicode's
    UAX 31); control characters, lines, half characters and changes of the writing direction (UTR 36) are not.
    """
    kinds = [unicodedata.category(letter) for letter in text]
    visible = any(kind[0] not in "ZC" or kind in ("Cn", "Co") for kind in kinds)
    return visible and not any(kind in ("Cc", "Cs", "Zl", "Zp") for kind in kinds) and not _STEERING.search(text)


_STEERING = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")


def labels_in_markdown(names: tuple[str, ...]) -> list[str]:
    """The same for sentences that Streamlit reads as Markdown."""
    return [as_plain_text(label) for label in class_labels(names)]


def as_plain_text(text: str) -> str:
    """Text of a person's, such as a class or file name, as it is, whatever it would mean in Streamlit's Markdown.

    A backslash takes the meaning of punctuation away (CommonMark 0.31, 2.4). Streamlit looks for addresses, emoji,
    icons and arrows once more after that, so those are parted by a word joiner, which nobody sees.

    Returns:
        One line, for any argument of Streamlit that takes Markdown, labels and help included.
    """
    parted = _LATE.sub("\N{WORD JOINER}", " ".join(text.split()))
    return _BEGINS.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", parted))
