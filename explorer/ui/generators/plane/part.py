"""The Generators page's part on a GAN in the plane: a game that is played in the browser, and how good it really is."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.plane.describing import say_coverage, say_covered, say_densities, say_finding, say_players
from explorer.generators.plane.game import (
    BATCH,
    CODES,
    LOSSES,
    Recipe,
    State,
    first_state,
    fixed_codes,
    judge,
    make_fakes,
    play,
    teach,
)
from explorer.generators.plane.points import Reals
from explorer.generators.plane.seeds import play_seeds, say_seeds
from explorer.generators.plane.yardstick import Yardstick, measure
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import write_difference
from explorer.text import significant
from explorer.ui.app import link_to
from explorer.ui.components import GanStop, gan_plane
from explorer.ui.components.gan_plane import read_stop
from explorer.ui.generators.plane.picture import draw_game
from explorer.ui.generators.plane.reals import choose_reals, show_reals
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import (
    choose,
    choose_number,
    choose_one,
    choose_step,
    put_in_address,
    settings_popover,
    switch,
)
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import Tell, obtain
from explorer.ui.session.subject import Subject

_START = 1000  # rounds
_TURNS = ("5:1", "1:1", "1:5")
_RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_USUAL = {"Adam": (0.005, 0.002), "SGD": (0.1, 0.1)}  # of the discriminator and of the generator
_QUICK = 1600  # steps of either player that take no time worth a bar
_REACHED = "plane_reached"  # in the session: points, recipe, state
_SHARES = ("more than 90 %", "60 to 90 %", "30 to 60 %", "less than 30 %")


def show_plane(subject: Subject) -> None:
    """What is imitated and how, the finding, the game, where its densities come from, PyTorch's word."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    name = choose_reals(row)
    recipe = _choose_recipe(row)
    reals = show_reals(name, subject.picture)
    if reals is None:
        return
    finding = st.container()
    stop = _stop_in_address()
    state = _reach(reals, recipe, stop.rounds)
    yardstick = once(
        ("plane yardstick", reals, recipe, state.rounds), lambda: measure(reals, state, fixed_codes(recipe))
    )
    with finding:
        _show_finding(reals, recipe, state, yardstick)
    stopped = gan_plane(
        reals=reals,
        recipe=recipe,
        first=once(("plane first", recipe.codes, recipe.seed), lambda: first_state(recipe)),
        state=state,
        fake=stop.fake,
        by_pytorch=_pull_by_pytorch(recipe, state, yardstick, stop.fake),
        key="gan-plane",
    )
    if stopped is not None and stopped != stop:
        _write_stop(stopped)
        st.rerun()
    st.caption(f"{say_densities(reals)} {say_coverage(reals)}")
    _show_check(reals, recipe, state)
    if switch("The same with four more seeds", "plane_seeds", help="Whether what one seed shows is chance."):
        _show_seeds(reals, recipe, state.rounds)
    _offer(reals, recipe, state, yardstick)
    link_to("generators", "A GAN that draws digits", {"part": "Latent walk"})
    link_to("neurons", "The discriminator’s loss is cross-entropy", {"part": "Softmax and losses"})


def _choose_recipe(row: DeltaGenerator) -> Recipe:
    turns = choose(
        "Steps of discriminator : generator",
        {turns: turns for turns in _TURNS},
        "plane_turns",
        "1:1",
        place=row,
        help="How often each player learns before it is the other’s turn.",
    )
    loss = choose_one("Generator makes small", LOSSES, "plane_loss", place=row, width=190)
    with settings_popover(row):
        titles = {name: each.title for name, each in CODES.items()}
        codes = choose_one("Codes", titles, "plane_codes")
        optimiser = choose_one("Optimiser", tuple(_USUAL), "plane_optimiser")
        usual = _USUAL[optimiser]
        rates = [
            choose_step(
                f"Rate of the {player}",
                _RATES,
                f"plane_{optimiser.lower()}_rate_{short}",
                usual[number],
                format_func=significant,
            )
            for number, (player, short) in enumerate((("discriminator", "d"), ("generator", "g")))
        ]
        seed = choose_number("Seed", 0, 9999, "plane_seed", 0)
    by_judge, by_maker = (int(part) for part in turns.split(":"))
    return Recipe((by_judge, by_maker), loss, optimiser, (rates[0], rates[1]), codes, seed)


def _stop_in_address() -> GanStop:
    said = {"rounds": st.query_params.get("plane_round", _START), "fake": 0}
    with suppress(ValueError):
        said["fake"] = int(st.query_params.get("plane_fake", 1)) - 1
    return read_stop(said) or read_stop({**said, "fake": 0}) or GanStop(_START)


def _write_stop(stop: GanStop) -> None:
    """Put it into the address, where the next run takes it for what a link says."""
    rounds = "" if stop.rounds == _START else str(stop.rounds)
    put_in_address({"plane_round": rounds, "plane_fake": str(stop.fake + 1) if stop.fake else ""})


def _reach(reals: Reals, recipe: Recipe, rounds: int) -> State:
    """The state after so many rounds, on from where this session last stood where that lies on the way.

    Where a person stops the work, the last state that it came to.
    """
    last: tuple[Reals, Recipe, State] | None = st.session_state.get(_REACHED)
    since = last[2] if last is not None and last[:2] == (reals, recipe) and last[2].rounds <= rounds else None

    def compute(tell: Tell) -> State:
        def keep(state: State) -> None:
            st.session_state[_REACHED] = (reals, recipe, state)
            tell(state.rounds, rounds)

        return play(reals, recipe, rounds, since, keep)

    before = since.rounds if since else 0
    state = obtain(
        ("plane", reals, recipe, rounds),
        "Playing",
        "rounds",
        compute,
        st.empty(),
        "plane",
        quick=(rounds - before) * sum(recipe.turns) <= _QUICK,
    )
    if state is not None:
        st.session_state[_REACHED] = (reals, recipe, state)
        return state
    return since or first_state(recipe)


def _show_finding(reals: Reals, recipe: Recipe, state: State, yardstick: Yardstick) -> None:
    answers, right = _answers(reals, yardstick)
    question = (
        f"After {state.rounds:,} rounds, {recipe.turns[0]} of the discriminator’s steps to {recipe.turns[1]} of the "
        f"generator’s: how many of the {'eight clusters' if reals.shape == 'eight' else 'real points'} do fakes cover?"
    )
    key = f"ask-plane-{hash((reals, recipe, state.rounds))}"
    if ask_first(question, answers, right, key):
        st.markdown(say_finding(reals, state, yardstick))


def _answers(reals: Reals, yardstick: Yardstick) -> tuple[tuple[str, ...], str]:
    """What can be guessed, and what is right."""
    count = float(say_covered(reals, yardstick).split()[0])
    if reals.shape == "eight":
        answers = ("all 8", "5 to 7", "2 to 4", "1 or none")
        return answers, answers[0 if count == 8 else 1 if count >= 5 else 2 if count >= 2 else 3]
    return _SHARES, _SHARES[0 if count > 90 else 1 if count >= 60 else 2 if count >= 30 else 3]


def _pull_by_pytorch(recipe: Recipe, state: State, yardstick: Yardstick, fake: int) -> Numbers:
    from explorer.generators.plane.autograd import pull_by_autograd

    return pull_by_autograd(state.discriminator, yardstick.fakes[[fake]], recipe.loss)[0]


def _show_check(reals: Reals, recipe: Recipe, state: State) -> None:
    from explorer.generators.plane.autograd import judge_by_autograd, teach_by_autograd

    codes = fixed_codes(recipe)[:BATCH]
    real = reals.places[np.arange(BATCH) % len(reals.rows)]
    fake = make_fakes(state.generator, codes)
    of_judge = judge(state.discriminator, real, fake)[1] - judge_by_autograd(state.discriminator, real, fake)
    by_autograd = teach_by_autograd(state.generator, state.discriminator, codes, recipe.loss)
    of_maker = teach(state.generator, state.discriminator, codes, recipe.loss) - by_autograd
    st.caption(
        f"{say_players(recipe)} The {len(of_judge)} gradients of the discriminator and the {len(of_maker)} of the "
        f"generator after round {state.rounds:,}, by hand and by PyTorch’s autograd in float64: largest difference "
        f"{write_difference(*of_judge, *of_maker)}."
    )


def _show_seeds(reals: Reals, recipe: Recipe, rounds: int) -> None:
    outcomes = obtain(
        ("plane seeds", reals, recipe, rounds),
        "Playing with other seeds",
        "rounds",
        lambda tell: play_seeds(reals, recipe, rounds, tell),
        st.empty(),
        "plane-seeds",
    )
    if outcomes is not None:
        st.markdown(say_seeds(outcomes))


def _offer(reals: Reals, recipe: Recipe, state: State, yardstick: Yardstick) -> None:
    from explorer.generators.plane.snippet import gan_snippet

    def arrays() -> bytes:
        return arrays_as_npz(
            points=reals.places,
            codes=fixed_codes(recipe),
            fakes=yardstick.fakes,
            values=np.array(state.values),
            discriminator=state.discriminator.numbers,
            generator=state.generator.numbers,
            real_density=yardstick.real,
            fake_density=yardstick.fake,
            logits=yardstick.says,
            best=yardstick.best,
        )

    offer(
        f"gan-round-{state.rounds}",
        lambda: draw_game(reals, yardstick),
        arrays,
        gan_snippet(reals, recipe, state.rounds),
        "plane-files",
    )
