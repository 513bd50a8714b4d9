"""Which strategies are compared, with how many seeds, on how many pictures."""

from __future__ import annotations

from typing import Final

import streamlit as st

from explorer.transfer.choice import Choice
from explorer.transfer.trial import FOUR, STRATEGIES, STRATEGY_TITLES, Strategy
from explorer.ui.kit.choose import choose_number, choose_several, choose_step, switch
from explorer.ui.session.subject import Subject, open_network
from explorer.ui.transfer.recipe import choose_recipe

SHARES: Final = (5, 10, 25, 50, 100)  # percent of the training pictures
MOST_SEEDS: Final = 5
MOST_SEED: Final = 9999
TINY: Final = 200  # pictures of a set: with fewer, a fifth of them leaves fewer than 40 to test with


def choose_strategies(subject: Subject, pictures: int = 0) -> Choice:
    """The controls; gives what they say.

    Args:
        subject: the network is its network.
        pictures: how many there are to learn, validate and test; 0 where that is not known.
    """
    strategies = _choose_strategies()
    first, second, third = st.columns([1, 2, 1], vertical_alignment="bottom")
    with first:
        seeds = choose_step(
            "Seeds",
            tuple(range(1, MOST_SEEDS + 1)),
            "seeds",
            3,
            help="How often each strategy is trained. Without at least three seed variance cannot be told from skill.",
        )
    with second:
        shares = _choose_shares()
    with third:
        split_seed = choose_number(
            "Split seed",
            0,
            MOST_SEED,
            "split_seed",
            0,
            help="Which pictures are learned from, watched and tested: 60, 20 and 20 %. The same for every training.",
        )
    repeated = _choose_splits(pictures) and seeds > 1
    with st.expander("Recipe", icon=":material/tune:"):
        recipe = choose_recipe()
    kept = _choose_cut(subject) if "truncated" in strategies else 0
    return Choice(strategies, recipe, seeds, shares, split_seed, repeated, kept)


def _choose_splits(pictures: int) -> bool:
    chosen = switch(
        "Repeated splits: a new one for every seed",
        "splits",
        help="For few pictures: other ones are learned from and tested with every seed, so that more of them are "
        "tested in all. The strategies of one seed still share their split.",
    )
    if 0 < pictures < TINY and not chosen:
        st.caption(f"With {pictures} pictures, only about {round(pictures / 5)} are tested: repeated splits test more.")
    return bool(chosen)


def _choose_strategies() -> tuple[Strategy, ...]:
    asked = st.session_state.get("strategies")
    if asked is not None and any(each not in STRATEGIES for each in asked):
        st.session_state["strategies"] = list(FOUR)
    chosen = st.multiselect(
        "Strategies",
        list(STRATEGIES),
        default=list(FOUR),
        format_func=STRATEGY_TITLES.__getitem__,
        key="strategies",
        bind="query-params",
    )
    return tuple(strategy for strategy in STRATEGIES if strategy in chosen)


def _choose_shares() -> tuple[float, ...]:
    chosen = choose_several(
        "Training pictures used",
        {percent: f"{percent} %" for percent in SHARES},
        "shares",
        [100],
        help="Several shares give learning curves; each smaller one is a part of the larger ones. "
        "The test pictures stay the same.",
    )
    return tuple(percent / 100 for percent in sorted(chosen or [100], reverse=True))


def _choose_cut(subject: Subject) -> int:
    cuts = list_kept(subject.network, subject.device)
    if len(cuts) < 2:
        return 0
    options = (0, *range(1, len(cuts) + 1))
    return choose_step(
        "Stages that the truncated network keeps",
        options,
        "kept",
        0,
        format_func=lambda number: f"{number}: {cuts[number - 1]}" if number else "about half",
        help="Counted from the picture. Early stages mostly see edges and colours, which many tasks can use.",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def list_kept(network: str, device: str) -> tuple[str, ...]:
    """Where the network can be cut: the last layer that is kept, for 1, 2 and more stages."""
    from explorer.transfer.strategies import list_cuts

    return tuple(cut.layer for cut in list_cuts(open_network(network, device, "")))
