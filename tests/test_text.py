import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from explorer.text import as_plain_text, class_labels, count_text, shape_text, significant, with_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.01234, "0.0123"),
        (4.567, "4.57"),
        (123.4, "123"),
        (1234.5, "1,234"),
        (-0.5, "-0.5"),
        (1e6, "1,000,000"),
    ],
)
def test_three_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_what_is_written_is_close_to_the_value(value: float) -> None:
    assert math.isclose(float(significant(value).replace(",", "")), value, rel_tol=5.001e-3)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_said(value: float) -> None:
    assert significant(value) == str(value)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (802_000, "802 kB"), (1.81e9, "1.81 GB")]
)
def test_units(value: float, text: str) -> None:
    assert with_unit(value, "B") == text


def test_shapes_and_counts() -> None:
    assert shape_text((64, 56, 56)) == "64 × 56 × 56"
    assert count_text(1, "map") == "1 map"
    assert count_text(1700, "map") == "1,700 maps"


def test_equal_class_names_are_told_apart() -> None:
    assert class_labels(("crane", "owl", "crane")) == ["crane (0)", "owl", "crane (2)"]


# What Streamlit 1.67 replaces in the text that the parser leaves: `StreamlitMarkdown.*.js`, and remark-gfm's addresses.
LATE = (
    r":material[/_]\w+:",
    r":streamlit:",
    r":[+\w-][\w+-]*:",
    r"(?i:https?://|www(?=\.))[-.\w]+",
    r"[-.\w+]+@[-\w]+(\.[-\w]+)+",
    r":[A-Za-z][\w-]*[\[{]",
    r"(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)",
)
MEANT = (
    "*",
    "_",
    "`",
    "~~",
    "# ",
    "- ",
    "+ ",
    "1. ",
    "> ",
    "|",
    "$",
    "[a](b)",
    "![a](b)",
    "[^1]",
    "<b>",
    "&amp;",
    "\\",
)
MEANT_LATE = (
    ":red[x]",
    ":smile:",
    ":material/home:",
    "www.a.de",
    "https://a.de",
    "a@b.de",
    " -> ",
    " <-> ",
    " -- ",
    "~=",
)


@given(
    st.lists(st.sampled_from((*MEANT, *MEANT_LATE, "a", " ", "\n", ":", "7", ")")) | st.text(max_size=5)).map("".join)
)
@example("*star*")
@example("1) x\n---\n    code")
@example("WWW.a.de")
def test_the_text_of_a_person_is_no_markdown(text: str) -> None:
    """CommonMark finds one paragraph of nothing but text, and there is nothing of what Streamlit looks for later."""
    written = as_plain_text(text)
    shown = ""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for block in parser.parse(written):
        assert block.type in ("paragraph_open", "inline", "paragraph_close")
        for part in block.children or ():
            assert part.type in ("text", "text_special")
            shown += part.content
    assert not any(re.search(pattern, shown) for pattern in LATE)
    assert not re.search(r"(?<!\\)(\\\\)*\$", written)  # would begin a formula, which CommonMark does not know
    assert " ".join(shown.replace("\u2060", "").split()) == " ".join(
        text.replace("\u2060", "").replace("\0", "\ufffd").split()
    )
