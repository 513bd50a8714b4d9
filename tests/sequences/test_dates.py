"""Dates as people write them, and texts of one's own."""

from __future__ import annotations

import random
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.sequences.attention.dates import (
    LONGEST,
    NUMBERS,
    SIGNS,
    draw_example,
    exists,
    list_formats,
    read_text,
    split_formats,
)

days = st.dates(date(1930, 1, 1), date(2029, 12, 31))


def read_back(text: str) -> tuple[set[int], int, str]:
    """Day and month as a set, year, and what names a weekday, by regular expressions and strptime alone."""
    weekday = (re.match(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*", text) or [""])[0]
    months = [date(2000, number, 1).strftime("%B").lower() for number in range(1, 13)]
    rest = text.removeprefix(weekday)
    named = next((place for place, name in enumerate(months, 1) if re.search(rf"{name[:3]}(?:{name[3:]})?\b", rest)), 0)
    numbers = re.findall(r"'?\d+", rest)
    if len(numbers[0]) == 4:
        numbers = [*numbers[1:], numbers[0]]
    *before, year = (int(number.strip("'")) for number in numbers)
    if year < 100:
        year += 2000 if year < 30 else 1900
    return ({*before, named} if named else set(before)), year, weekday


@given(days, st.sampled_from(list_formats()))
def test_every_format_says_the_date(day: date, chosen: object) -> None:
    text = chosen.write(day.year, day.month, day.day, day.weekday())  # type: ignore[attr-defined]
    numbers, year, weekday = read_back(text)
    assert numbers == {day.day, day.month}
    assert year == day.year
    assert day.strftime("%A").lower().startswith(weekday)
    assert set(text) <= set(SIGNS)


def test_formats_are_different_and_some_are_held_out() -> None:
    formats = list_formats()
    # One date, in which every part is written differently: each format makes another text of it.
    assert len({each.write(1998, 9, 3, 3) for each in formats}) == len(formats) > 600
    learnt, held_out = split_formats()
    assert set(learnt) | set(held_out) == set(formats)
    assert not set(learnt) & set(held_out)
    assert len(held_out) == len(formats) // 5
    # Whatever a held-out format is made of was learned in another.
    for name in ("order", "day", "month", "year", "separator", "lead"):
        assert {getattr(each, name) for each in held_out} <= {getattr(each, name) for each in learnt}


def test_dates_are_written_as_people_write_them() -> None:
    written = {each.write(1998, 5, 3, 6) for each in list_formats()}
    assert {
        "3 may 1998",
        "may 3rd, 1998",
        "sunday, the 3rd of may '98",
        "1998-05-03",
        "3.5.98",
        "03/05/1998",
        "sun 3 may 1998",
    } <= written
    assert not {"5/3/1998", "3rd.5.1998", "3 5 98"} & written  # two meanings, or none that people use
    example = draw_example(random.Random(1), list_formats())
    assert example.format.write(*map(int, example.iso.split("-")), date.fromisoformat(example.iso).weekday()) == (
        example.text
    )


@given(st.text(max_size=LONGEST + 20))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    if not 0 < len(" ".join(text.split())) <= LONGEST:
        with pytest.raises(ValueError, match=r"type (a|the) date.*\.$"):
            read_text(text)
        return
    reading = read_text(text)
    assert len(reading.numbers) == len(reading.text) <= LONGEST
    assert all((number == 1) == (sign not in SIGNS) for sign, number in zip(reading.text, reading.numbers, strict=True))
    assert set(reading.unknown) == set(reading.text) - set(SIGNS)
    assert len(set(NUMBERS.values())) == len(SIGNS)


def test_a_text_is_read_in_lower_case_and_what_is_unknown_is_named() -> None:
    assert read_text("  3\tMay  1998 ").text == "3 may 1998"
    assert read_text("3 MÄRZ 1998 – ä").unknown == ("ä", "–")
    assert read_text("İ").numbers == (1,)  # two characters in lower case


@pytest.mark.parametrize(("iso", "there"), [("2000-02-29", True), ("1900-02-29", False), ("1998-02-31", False)])
def test_which_days_exist(iso: str, there: bool) -> None:
    assert exists(iso) is there


@given(st.text("0123456789-", min_size=10, max_size=10))
def test_what_is_no_iso_date_does_not_exist(text: str) -> None:
    if exists(text):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", text)
        assert date(*map(int, text.split("-"))).isoformat() == text
