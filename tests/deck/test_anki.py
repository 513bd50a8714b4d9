import re
from html.parser import HTMLParser

from explorer.deck.anki import to_html, write_anki
from explorer.deck.card import Card, Experiment
from explorer.deck.topics import CARDS


def test_a_card_is_one_line_of_four_columns() -> None:
    card = Card(
        7,
        "What is **$a_1 * b < c$** and\n`x*y`?",
        "A tab\there, & *more*.",
        "Only if $$p^*=1$$.",
        Experiment("pooling", {"part": "Shift it"}, "shows", "Look at it."),
    )
    lines = write_anki("http://host:1/", {"First topic": (card,)}).splitlines()
    assert lines[:3] == ["#separator:tab", "#html:true", "#deck:CNN and attention explorer"]
    assert lines[-1].split("\t") == [
        "explorer-7",
        r"What is <b>\(a_1 * b &lt; c\)</b> and<br><code>x*y</code>?",
        r"A tab here, &amp; <i>more</i>.<br><br><i>More exactly:</i> Only if \[p^*=1\].<br><br>"
        '<a href="http://host:1/pooling?part=Shift+it&amp;card=7">Look at it.</a>',
        "First-topic",
    ]


def test_every_card_comes_out_whole() -> None:
    rows = [line.split("\t") for line in write_anki("http://localhost:8501").splitlines() if line[0] != "#"]
    assert [row[0] for row in rows] == [f"explorer-{number}" for number in CARDS]
    for row in rows:
        assert len(row) == 4
        assert all(row)
        html = row[1] + row[2]
        plain = re.sub(r"<code>.*?</code>|\\\(.*?\\\)|\\\[.*?\\\]", "", html)
        assert not re.search(r"\*\*|`|\$", plain), plain
        parser = _Tags()
        parser.feed(html)
        assert parser.open == []


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def test_an_asterisk_of_a_product_stays_one() -> None:
    assert to_html("2 $x * y$ and `a * b`") == r"2 \(x * y\) and <code>a * b</code>"
