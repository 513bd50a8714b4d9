"""With attention and without: dates far from where reading ends, dates of all lengths, how soon it is learned."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from explorer.neurons.activations import Numbers
from explorer.rendering import curves
from explorer.sequences.attention.lengths import compare_lengths
from explorer.sequences.attention.loading import read_date_card
from explorer.sequences.attention.steps import Run
from explorer.text import as_plain_text, count_text, format_percent
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart

FAR = 20  # dots in front of a date, of which a sentence tells
_KINDS = {"with attention": True, "without": False}


def show_without(own: Run, plain: Run) -> None:
    """The other network's word for this text, and both networks by their cards."""
    card = read_date_card(True)
    seeds = len(card["seeds"])
    st.markdown("##### Without attention")
    same = "the same" if plain.text == own.text else f"{as_plain_text(plain.text)}, not {as_plain_text(own.text)}"
    st.markdown(
        "A network without attention passes the whole text through one state of 64 numbers. Of "
        f"“{as_plain_text(own.reading.text)}” it makes {same}, {format_percent(plain.probability)} sure. "
        f"{_say_lengths(seeds)} {_say_learning()} **{say_far()}** In "
        "training no date stood behind dots: one state has to carry it over all of them; attention looks where it is."
    )
    far, soon = st.columns(2, gap="large")
    dots = [row["dots"] for row in card["seeds"][0]["held_out_among_dots"]]
    show_chart(_draw(dots, "held_out_among_dots", "before", "Exact dates, far from the end", "dots"), "dates-far", far)
    steps = [point["step"] for point in card["seeds"][0]["curve"]]
    show_chart(_draw(steps, "curve", "exact", "Exact dates while it learns", "steps"), "dates-learning", soon)
    st.caption(
        f"Means of {count_text(seeds, 'seed')}, on formats held out ({card['data']['split']}): left "
        f"{card['accuracy']['texts_each']:,} dates behind so many dots; right "
        f"{card['training']['watched']} dates alone."
    )


def say_far() -> str:
    """What becomes of dates that stand behind dots."""
    rows = read_date_card(True)["seeds"][0]["held_out_among_dots"]
    place = [row["dots"] for row in rows].index(FAR)
    ours, theirs = (_read(attends, "held_out_among_dots", "before")[:, place] for attends in _KINDS.values())
    return (
        f"With {FAR} dots in front, {_write_range(ours)} come out exact, and without attention {_write_range(theirs)}."
    )


def _say_lengths(seeds: int) -> str:
    """Whether attention makes a difference at any length."""
    lengths = compare_lengths(read_date_card(True), read_date_card(False))
    found = [each for each in lengths if each.difference.low > 0 or each.difference.high < 0]
    if not found:
        least = min(float(min(each.attending.min(), each.plain.min())) for each in lengths)
        return (
            f"That is enough for a date alone: of {lengths[0].low} to {lengths[-1].high} characters, at least "
            f"{format_percent(least)} of each length come out exact either way; {count_text(seeds, 'seed')} show no "
            "difference."
        )
    told = ", ".join(
        f"{format_percent(float(each.attending.mean()))} with attention and {format_percent(float(each.plain.mean()))} "
        f"without of those of {each.title} characters"
        for each in found
    )
    return f"Of dates alone, {told} come out exact; at other lengths no difference shows."


def _say_learning() -> str:
    """The moment in training at which both are furthest apart."""
    ours, theirs = (_read(attends, "curve", "exact") for attends in _KINDS.values())
    gaps = ours.min(axis=0) - theirs.max(axis=0)
    apart = int(gaps.argmax())
    if gaps[apart] <= 0:
        return "Nor is it learned sooner."
    step = read_date_card(True)["seeds"][0]["curve"][apart]["step"]
    return (
        f"But with attention it is learned sooner: after {step:,} steps {_write_range(ours[:, apart])} are exact, "
        f"without {_write_range(theirs[:, apart])}."
    )


def _read(attends: bool, rows: str, name: str) -> Numbers:
    """(seeds, rows) shares of a card."""
    return np.array([[row[name] for row in seed[rows]] for seed in read_date_card(attends)["seeds"]])


def _write_range(shares: Numbers) -> str:
    """Lowest to highest of the seeds."""
    low, high = (format_percent(float(end)) for end in (shares.min(), shares.max()))
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def _draw(x: list[float], rows: str, name: str, title: str, x_title: str) -> Any:
    """One line for each kind of network, the means of its seeds."""

    def make() -> Any:
        lines = {kind: _read(attends, rows, name).mean(axis=0).tolist() for kind, attends in _KINDS.items()}
        return curves(x, lines, title, x_title=x_title, height=260)

    return once(("dates by the cards", rows), make)
