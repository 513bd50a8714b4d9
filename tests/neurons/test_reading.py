import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.neurons.reading import NumbersRejected, read_numbers, write_numbers


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=9).map(tuple))
def test_what_is_written_is_read_back(values: tuple[float, ...]) -> None:
    assert read_numbers(write_numbers(values), 1, 9) == values


def test_how_people_type() -> None:
    assert read_numbers(" 1, −2;0.5\t3e2 ", 1, 8) == (1, -2, 0.5, 300)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 two 3", "“two”, number 2, is not a number"),
        ("1_000", "“1_000”, number 1"),
        ("1 inf", "Number 2 must lie between"),
        ("nan", "Number 1 must lie between"),
        ("1 " + "9" * 5000, "Number 2 must lie between"),
        ("", "Type 1 to 3 numbers with spaces between them, such as “1 0.5 -2”; here are 0."),
        ("1 2 3 4", "here are 4"),
    ],
)
def test_what_is_no_list_of_numbers_is_said(text: str, said: str) -> None:
    with pytest.raises(NumbersRejected, match=said):
        read_numbers(text, 1, 3)
