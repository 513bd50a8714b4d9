from math import inf, nan

import pytest

from explorer.neurons.describing import say_number, write_difference, write_number, write_sum, write_table


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-0.7405, "-0.741"),
        (1234.0, "1{,}234"),
        (3.4e38, r"3.4 \cdot 10^{38}"),
        (-2.5e-7, r"-2.5 \cdot 10^{-7}"),
        (inf, r"\infty"),
        (-inf, r"-\infty"),
        (nan, r"\text{not a number}"),
    ],
)
def test_numbers(value: float, written: str) -> None:
    assert write_number(value) == written


def test_sums() -> None:
    assert write_sum([1, -2], [0.5, 0.25], -1) == r"1 \cdot 0.5 + (-2) \cdot 0.25 + (-1)"
    assert write_sum([1.0] * 64, [2.0] * 64, 3) == " + ".join([r"1 \cdot 2"] * 3) + r" + \dots \text{ (61 more) } + 3"


def test_differences() -> None:
    assert write_difference(0.0, 0.0) == "0"
    assert write_difference(-2.6e-17, 1e-18) == "3e-17"
    assert write_difference(nan) == "0"


def test_a_table() -> None:
    assert write_table(["weights"], {"MLP": ["18,794"], "CNN": ["97.6 %"]}) == (
        "|  | weights |\n| --- | ---: |\n| MLP | 18,794 |\n| CNN | 97.6\u00a0% |"
    )


@pytest.mark.parametrize(
    ("value", "said", "signed"),
    [
        (-0.7405, "−0.741", "−0.741"),
        (0.99966, "0.9997", "+0.9997"),
        (-0.0, "0", "0"),
        (inf, "∞", "+∞"),
        (-inf, "−∞", "−∞"),
        (nan, "not a number", "not a number"),
    ],
)
def test_numbers_in_sentences(value: float, said: str, signed: str) -> None:
    assert (say_number(value), say_number(value, signed=True)) == (said, signed)
