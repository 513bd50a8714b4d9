"""The table and the page to take home."""

import csv
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from explorer.transfer.evaluation.comparing import group_experiments
from explorer.transfer.evaluation.report import COLUMNS, library_versions, to_csv, to_html
from explorer.transfer.trial import Recipe
from tests.transfer.making_experiments import make_experiment, make_seeds

WICKED = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "a & b")
MADE = [*make_seeds("head", 0.9), *make_seeds("full", 0.6), *make_seeds("head", 0.7, share=0.25)]


class _Page(HTMLParser):
    """Every element with its attributes, and the text outside of programs and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text += data


def test_the_table_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(list(reversed(MADE))))))
    assert tuple(rows[0]) == COLUMNS
    single = [row for row in rows if row["kind"] == "experiment"]
    grouped = [row for row in rows if row["kind"] == "group"]
    assert (len(single), len(grouped)) == (9, 3)
    by_trial = {(each.trial.strategy, each.trial.share, each.trial.seed): each for each in MADE}
    for row in single:
        each = by_trial[row["strategy"], float(row["share"]), int(row["seed"])]  # type: ignore[index]
        assert float(row["accuracy"]) == each.accuracy
        assert float(row["seconds"]) == each.seconds
        assert Recipe(**{**vars(Recipe()), "epochs": int(row["recipe_epochs"])}) == each.trial.recipe
    for row, group in zip(grouped, group_experiments(MADE), strict=True):
        assert row["strategy"] == group.strategy
        assert float(row["accuracy"]) == pytest.approx(group.mean)
        assert float(row["deviation"]) == pytest.approx(group.deviation)
        assert (float(row["interval_low"]), float(row["interval_high"])) == pytest.approx(group.interval)
        assert int(row["training_pictures"]) == group.training


def test_the_page_holds_every_number() -> None:
    page = _Page(to_html(MADE, title="My insects", now=datetime(2026, 3, 1, 12, 30, tzinfo=UTC)))
    assert "My insects" in page.text
    assert "1 March 2026, 12:30 UTC" in page.text
    for group in group_experiments(MADE):
        assert f"{100 * group.mean:.1f} %" in page.text
        assert f"{100 * group.interval[0]:.1f} to {100 * group.interval[1]:.1f} %" in page.text
    for name, version in library_versions().items():
        assert name in page.text
        assert version in page.text
    assert "New head, frozen backbone is best" in page.text
    assert "With 25 % of the training pictures" in page.text
    assert "0.001" in page.text  # the learning rate
    assert "CPU" in page.text
    assert "0, 1, 2" in page.text  # the seeds


def test_a_strangers_names_stay_text() -> None:
    made = [each for strategy in ("head", "full") for each in make_seeds(strategy, 0.5, classes=WICKED)]  # type: ignore[arg-type]
    html = to_html(made, title="<b onload=alert(3)>mine", remarks=["**<i>bold</i>** words"])
    page = _Page(html)
    assert "script" not in [tag for tag, _ in page.elements]
    assert "img" not in [tag for tag, _ in page.elements]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for name in WICKED:
        assert name in page.text
    assert "<b onload=alert(3)>mine" in page.text
    assert "<i>bold</i> words" in page.text


def test_the_page_needs_nothing_from_elsewhere() -> None:
    html = to_html(MADE, title="My insects")
    page = _Page(html)
    for _, attributes in page.elements:
        assert not {"src", "href", "srcset", "data", "action"} & set(attributes)
    assert not re.search(r"@import|url\(", html)
    policy = next(
        attributes["content"]
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "prefers-color-scheme: dark" in html


def test_figures_are_put_in_as_they_are() -> None:
    html = to_html(MADE, figures=[("<Curves>", '<div id="figure-0"></div>')], script="var drawn = 1 < 2;")
    page = _Page(html)
    assert ("div", {"id": "figure-0"}) in page.elements
    assert "var drawn = 1 < 2;" in html
    assert "<Curves>" in page.text


def test_a_matrix_stands_for_each_strategy_unless_it_is_too_large() -> None:
    page = _Page(to_html(MADE))
    assert page.text.count("What was taken for what") == 1
    many = tuple(f"class {number}" for number in range(26))
    large = _Page(to_html([make_experiment(classes=many)]))
    assert "What was taken for what" not in large.text


def test_nothing_measured_is_a_page_too() -> None:
    page = _Page(to_html([]))
    assert "Nothing has been measured" in page.text
    assert to_csv([]).strip() == ",".join(COLUMNS)
