import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.text import class_labels, count_text, shape_text, significant, with_unit


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
