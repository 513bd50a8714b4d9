"""Why a deep network's gradient becomes what it becomes, in sentences."""

from __future__ import annotations

import streamlit as st

from explorer.learning.depth.signal import Factors, Recipe
from explorer.learning.depth.theory import Theory
from explorer.neurons.activations import LEAK
from explorer.neurons.describing import write_number


def say_reasons(recipe: Recipe, factors: Factors, theory: Theory | None) -> None:
    """What slopes, weights, normalisation and detours each do, and how far theory is from what was measured."""
    st.markdown(" ".join([_say_slopes(recipe), *_say_weights(recipe), *_say_rest(recipe)]))
    if theory is None:
        st.caption(
            "No line of theory here: with ReLUs and detours the gradient turns towards the outputs themselves, and is "
            "then no longer independent of slopes and weights, as the theory takes it to be."
        )
    else:
        unrelated = " and inputs that have nothing to do with each other" if recipe.batch_norm else ""
        told = f"{theory.lengths[0]:.3g} arrives; {factors.lengths[0]:.3g} did.".replace("e-", "e−")
        st.caption(
            f"Theory, for infinitely wide layers{unrelated}: {told} (Poole et al. 2016, Schoenholz et al. 2017, He et "
            "al. 2015; with batch norm Yang et al. 2019.)"
        )


def _say_slopes(recipe: Recipe) -> str:
    if recipe.activation == "relu":
        return (
            "A ReLU's slopes are 0 or 1, about half of them each: their root mean square is $\\sqrt{1/2} = 0.7071$. A "
            "slope of 1 takes nothing off the gradient; the zeros do."
        )
    if recipe.activation == "leaky_relu":
        return f"A leaky ReLU's slopes are {LEAK} or 1, about half of them each: root mean square 0.7071."
    if recipe.activation == "sigmoid":
        best = write_number(0.25**recipe.layers)
        return (
            f"A sigmoid's slope is nowhere more than 1/4: at best $0.25^{{{recipe.layers}}} = {best}$. No neuron has "
            "to be saturated for that."
        )
    if recipe.activation == "tanh":
        return "tanh has slope 1 at 0 only: the larger the weights, the larger the sums and the smaller the slopes."
    return "Without a bend all slopes are 1: what is left are the weights."


def _say_weights(recipe: Recipe) -> list[str]:
    if recipe.batch_norm:
        return []
    n, sigma = recipe.width, recipe.spread_of_weights(recipe.width)
    by_theory = sigma * n**0.5
    said = rf"Weights of deviation σ make it about $\sigma\sqrt{{n}}$ times as long: $\sqrt{{{n}}} \cdot "
    return [f"{said}{write_number(sigma)} = {write_number(by_theory)}$."]


def _say_rest(recipe: Recipe) -> list[str]:
    said = []
    if recipe.batch_norm:
        said.append(
            "Batch norm divides by the deviation of the sums, and so takes out of the product whatever the weights' "
            "size puts in: all initialisations give the same."
        )
        if recipe.activation == "relu" and not recipe.residual:
            said.append(
                r"But it divides by what the ReLU has left, $\sqrt{1/2 - 1/2\pi}$, so that each layer makes the "
                r"gradient $\sqrt{\pi/(\pi - 1)} = 1.211$ times as long."
            )
    if recipe.residual:
        said.append("The detour lets the gradient pass as it is; what comes through the layer is added to that.")
    return said
