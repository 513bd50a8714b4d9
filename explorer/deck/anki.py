"""The cards as text that Anki imports: a line a card, with its number, question, answer, link and topic.

Format: "Importing, text files" in Anki's manual, file headers included; formulas as its MathJax wants them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode

from explorer.deck.card import Card
from explorer.deck.topics import TOPICS

_HEAD: Final = (
    "#separator:tab",
    "#html:true",
    "#deck:CNN and attention explorer",
    "#guid column:1",  # a card that is imported again replaces itself
    "#tags column:4",
)
_AS_THEY_ARE: Final = re.compile(r"\$\$.+?\$\$|\$.+?\$|`[^`]+`", re.DOTALL)


def write_anki(site: str, topics: Mapping[str, tuple[Card, ...]] = TOPICS) -> str:
    """The text of the file.

    Args:
        site: address of the dashboard, to which the links lead, such as "http://localhost:8501".
        topics: the cards, by the titles of their topics.
    """
    rows = [_row(card, topic, site.rstrip("/")) for topic, cards in topics.items() for card in cards]
    return "\n".join((*_HEAD, *rows)) + "\n"


def _row(card: Card, topic: str, site: str) -> str:
    answer = to_html(card.answer)
    if card.more_exactly:
        answer += f"<br><br><i>More exactly:</i> {to_html(card.more_exactly)}"
    link = f"{site}/{card.experiment.page}?{urlencode({**card.experiment.address, 'card': card.id})}"
    answer += f'<br><br><a href="{escape(link)}">{to_html(card.experiment.does)}</a>'
    return "\t".join((f"explorer-{card.id}", to_html(card.question), answer, topic.replace(" ", "-")))


def to_html(markdown: str) -> str:
    """The Markdown of cards, bold, italic, code and formulas, as HTML on one line."""
    kept = [_keep(part) for part in _AS_THEY_ARE.findall(markdown)]
    text = escape(_AS_THEY_ARE.sub("\0", markdown.strip()), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"\*(.+?)\*", r"<i>\1</i>", text)
    for part in kept:
        text = text.replace("\0", part, 1)
    return text.replace("\n", "<br>").replace("\t", " ")


def _keep(part: str) -> str:
    """Code or a formula, in which an asterisk is one."""
    if part.startswith("`"):
        return f"<code>{escape(part[1:-1], quote=False)}</code>"
    if part.startswith("$$"):
        return rf"\[{escape(part[2:-2], quote=False)}\]"
    return rf"\({escape(part[1:-1], quote=False)}\)"
