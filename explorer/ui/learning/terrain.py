"""The Learning page's part on ways downhill: several optimisers from one start, each at its best rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from explorer.learning.descent import MOST_STEPS, Choice, Path, choose_rates, walk
from explorer.learning.optimisers import Optimiser
from explorer.learning.surfaces import Place, Surface
from explorer.neurons.activations import Numbers
from explorer.ui.components import Look, terrain
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import switch
from explorer.ui.learning.terrain_address import look_in_address, write_look
from explorer.ui.learning.terrain_surface import choose_setting
from explorer.ui.session.subject import Subject

_TURN = 45.0  # degrees
_CHECKED = 500  # steps that PyTorch makes too


def show_terrain(subject: Subject) -> None:
    """A finding and what changes it, the terrain with its paths, what else can be chosen, and PyTorch's word."""
    finding, turning, shown, controls = (st.container() for _ in range(4))
    setting = choose_setting(controls)
    titles = tuple(setting.rules)
    noun = "valley" if "valley" in setting.surface.title else "surface"
    angle = _TURN if switch(f"Turn the {noun} by 45 degrees", "terrain_turned", place=turning) else 0.0
    surface = replace(setting.surface, angle=angle)
    with controls:
        look = look_in_address(setting.name, surface, titles)
    left = {title: leave_out(rule, look) for title, rule in setting.rules.items()}
    if setting.best:
        choices = _choose(surface, left, look.start)
        rules = {title: replace(rule, rate=choices[title].rate) for title, rule in setting.rules.items()}
    else:
        rules = dict(setting.rules)
    by_pytorch = _by_pytorch(surface, {title: leave_out(rule, look) for title, rule in rules.items()}, look.start)
    with shown:
        looked = terrain(
            surface=surface, rules=rules, best=setting.best, look=look, by_pytorch=by_pytorch, key="terrain"
        )
    if looked is not None and looked != look:
        write_look(looked, surface, titles)
        st.rerun()


def leave_out(rule: Optimiser, look: Look) -> Optimiser:
    """The rule without the parts that a person has left out, where it has them."""
    if rule.name == "SGD":
        return rule
    bias = look.bias or not rule.name.startswith("Adam")
    return replace(rule, bias_correction=bias, eps=rule.eps if look.eps else 0.0, root=look.root)


def _choose(surface: Surface, rules: Mapping[str, Optimiser], start: Place) -> dict[str, Choice]:
    found = once(
        ("terrain rates", surface, tuple(rules.items()), start),
        lambda: choose_rates(surface, list(rules.values()), start),
    )
    return dict(zip(rules, found, strict=True))


def _by_pytorch(surface: Surface, rules: Mapping[str, Optimiser], start: Place) -> dict[str, Numbers]:
    """Places of those that PyTorch has."""
    from explorer.learning.torch_descent import walk_by_torch

    theirs = {title: rule for title, rule in rules.items() if rule.bias_correction and rule.root}
    if not theirs:
        return {}
    asked = ("terrain by PyTorch", surface, tuple(theirs.items()), start)
    places = once(asked, lambda: walk_by_torch(surface, list(theirs.values()), start, _CHECKED))
    return dict(zip(theirs, places, strict=True))
