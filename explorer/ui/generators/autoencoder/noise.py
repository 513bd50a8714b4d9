"""The Autoencoder part's view on noise: noise in, clean out, as far as a short code has no room for noise."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.autoencoder.noise import add_noise, choose_size, expect_errors
from explorer.generators.autoencoder.patches import DEPTH, Patches, measure_error
from explorer.generators.autoencoder.principal import find_principal
from explorer.generators.autoencoder.snippets import noise_snippet
from explorer.generators.autoencoder.training import SEEDS, Recipe
from explorer.learning.seed_intervals import interval_of
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_number, write_table
from explorer.rendering import code_errors, encode_png, join_pictures
from explorer.text import count_text
from explorer.ui.generators.autoencoder.controls import Photo, choose_recipe, show_drawn, train_all
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose_step, switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.opening import image_lines

_SIGMAS: Final = (0.02, 0.05, 0.1, 0.2, 0.4)
_LEFT = ("more than before", "a half to all of it", "a tenth to a half", "less than a tenth")
_SEED: Final = 0  # of the noise on the photo; trainings draw theirs by the seed of the first weights


def show_noise(photo: Photo, size: int, row: DeltaGenerator) -> None:
    """The noisy photo, what comes out of its code, and with how many numbers it would be most like the clean one."""
    finding = st.container()
    sigma = choose_step("Noise σ", _SIGMAS, "code_sigma", 0.1, place=row, width=160)
    recipe = choose_recipe(row, "mlp", size)
    wanted = photo.patches.values
    noisy = add_noise(wanted, sigma, _SEED)
    clean = photo.principal.coder(size).run(noisy)
    before, after = measure_error(noisy, wanted), measure_error(clean, wanted)
    expected = expect_errors(photo.principal, sigma)
    floor = float(photo.principal.floors[size])
    best = choose_size(photo.principal, sigma)
    with finding:
        asked = f"Noise of σ = {sigma:g} on every pixel; then through {count_text(size, 'number')}: what error is left?"
        right = _LEFT[sum(after / before < bound for bound in (1, 0.5, 0.1))]
        if not ask_first(asked, _LEFT, right, "ask-code-noise"):
            return
        st.markdown(
            f"**Noise in: an error of {say_number(before)}. Out of {count_text(size, 'number')} per patch comes "
            f"{say_number(after)}.** Of noise, alike in all {DEPTH} directions, {size} of {DEPTH} parts get through, "
            rf"and what a code of {size} cannot hold is lost: $\sigma^2 \cdot {size} / {DEPTH} + "
            f"{write_number(floor if floor > 1e-20 else 0.0)} = {write_number(float(expected[size]))}$. Best would be "
            f"**{best}**, as many as there are directions along which the patches "
            f"vary more than the noise: {say_number(float(expected[best]))}."
        )
    shown = {"noise in": noisy, f"out of {count_text(size, 'number')}": clean}
    if best != size:
        shown[f"out of {best}"] = photo.principal.coder(best).run(noisy)
    for column, (name, values) in zip(st.columns(3, gap="small"), shown.items(), strict=False):
        show_drawn(photo, values, name, f"{name}: {say_number(measure_error(values, wanted))}", column)
    chart, words = st.columns([3, 2], gap="large")
    with chart:
        lines = {
            "expected": expected[1:].tolist(),
            "lost of the photo": photo.principal.floors[1:].tolist(),
            "noise that passes": (expected - photo.principal.floors)[1:].tolist(),
        }
        figure = code_errors(lines, size, {"measured": after}, f"Error at σ = {sigma:g}", y_title="error")
        show_chart(figure, "code-noise-chart")
    with words:
        st.markdown(
            "That code was learned from the clean photo. Learned from the noisy one alone, which is what one mostly "
            f"has, {count_text(size, 'number')} leave {say_number(_clean_blindly(photo, noisy, size, sigma))}: its "
            "directions turn towards the noise."
        )
        if switch("Train denoising MLPs too", "code_denoise"):
            _show_trained(photo, recipe, sigma, noisy, after)
    offer(
        "noise",
        lambda: encode_png(join_pictures([photo.patches.join(values) for values in shown.values()], 3)),
        lambda: arrays_as_npz(patches=wanted, noisy=noisy, clean=clean, expected=expected),
        noise_snippet(image_lines(photo.picture), size, sigma, _SEED),
        key="code-noise-offer",
    )


def _clean_blindly(photo: Photo, noisy: Numbers, size: int, sigma: float) -> float:
    def make() -> float:
        own = find_principal(Patches(noisy, photo.patches.rows, photo.patches.columns))
        return measure_error(own.coder(size).run(noisy), photo.patches.values)

    return once(("code-blind", photo.picture, size, sigma), make)


def _show_trained(photo: Photo, recipe: Recipe, sigma: float, noisy: Numbers, by_principal: float) -> None:
    """MLPs of three seeds that learned from clean patches, and as many that were to give clean ones of noisy ones."""
    seeds = range(recipe.seed, recipe.seed + SEEDS)
    recipes = [replace(recipe, seed=seed, noise=noise) for seed, noise in product(seeds, (0.0, sigma))]
    trained = train_all(photo, recipes)
    if trained is None:
        return
    errors = np.array([measure_error(each.coder.run(noisy), photo.patches.values) for each in trained])
    plain, denoising = errors.reshape(SEEDS, 2).T
    gap = interval_of(plain - denoising)
    if gap.holds_zero:
        said = f"Training with noise makes no difference that {SEEDS} seeds show"
    else:
        more = "less" if gap.mean > 0 else "more"
        said = f"Training with noise in and clean out leaves {say_number(abs(gap.mean))} {more}"
    ends = " to ".join(say_number(end, signed=True) for end in (gap.low, gap.high))
    st.markdown(f"**{said}** (95 % interval of the difference {ends}).")
    rows = {
        "MLP, trained clean": [say_number(each) for each in plain],
        "MLP, noise in, clean out": [say_number(each) for each in denoising],
        "PCA of the clean photo": [say_number(by_principal), *[""] * (SEEDS - 1)],
    }
    st.markdown(write_table([f"seed {seed}" for seed in seeds], rows))
    st.caption(
        "Error of the same noisy photo, whose noise none of them has seen, beside the clean one (Vincent et al. 2008)."
    )
