"""The Learning page's part on ways downhill: several optimisers from one start, each at its best rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.learning.optimisers import OPTIMISERS, Optimiser
from explorer.learning.terrain.descent import MOST_STEPS, Path, choose_rates, walk
from explorer.learning.terrain.describing import CLOSE, say_agreement, say_end, say_who_stays
from explorer.learning.terrain.surfaces import Place, Surface
from explorer.neurons.activations import Numbers
from explorer.rendering import PathLine, terrain_picture
from explorer.text import significant
from explorer.ui.components import Look, terrain
from explorer.ui.components.store import send_doubles
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import switch
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.learning.terrain.address import look_in_address, write_look
from explorer.ui.learning.terrain.finding import name_ground, show_finding
from explorer.ui.learning.terrain.surface import Setting, choose_setting
from explorer.ui.session.subject import Subject

_TURN = 45.0  # degrees
_CHECKED = 500  # steps that PyTorch makes too
_CELLS = 161  # of the picture to take along, on each side


def show_terrain(subject: Subject) -> None:
    """A finding and what changes it, the terrain with its paths, what else can be chosen, and PyTorch's word."""
    first = st.container(gap="xsmall")
    finding, turning, shown = (first.container() for _ in range(3))
    controls = st.container()
    setting = choose_setting(controls)
    titles = tuple(setting.rules)
    turns = switch(f"Turn the {name_ground(setting.surface)} by 45 degrees", "terrain_turned", place=turning)
    ways = {turned: replace(setting.surface, angle=_TURN if turned else 0.0) for turned in (False, True)}
    surface = ways[turns]
    with controls:
        look = look_in_address(setting.name, surface, titles)
    rules = {turned: _with_rates(way, setting, look) for turned, way in ways.items()}
    paths = {turned: _walk(way, rules[turned], look.start) for turned, way in ways.items()}
    by_pytorch = _by_pytorch(surface, rules[turns], look.start)
    with finding:
        is_told = show_finding(setting.surface, setting.rules, paths[False], paths[True], setting.best)
    with controls:  # an element that shows nothing, but takes its place
        places = send_doubles(np.stack([*by_pytorch.values()]), key="terrain-pytorch") if by_pytorch else None
    with shown:
        looked = terrain(
            surface=surface,
            rules={title: replace(setting.rules[title], rate=rule.rate) for title, rule in rules[turns].items()},
            best=setting.best,
            look=look,
            checked=by_pytorch,
            places=places,
            key="terrain",
        )
    if looked is not None and looked != look:
        write_look(looked, surface, titles)
        st.rerun()
    if is_told and (stays := say_who_stays(surface, paths[turns])):
        st.caption(stays)
    _show_check(surface, rules[turns], look.start, paths[turns], by_pytorch)
    _offer(surface, rules[turns], look.start, paths[turns])


def _with_rates(surface: Surface, setting: Setting, look: Look) -> dict[str, Optimiser]:
    """The rules without what is left out, at their best rates on this surface where those are asked for."""
    rules = {title: leave_out(rule, look) for title, rule in setting.rules.items()}
    if not setting.best:
        return rules
    asked = ("terrain rates", surface, tuple(rules.items()), look.start)
    choices = once(asked, lambda: choose_rates(surface, list(rules.values()), look.start))
    return {
        title: replace(rule, rate=choice.rate) for (title, rule), choice in zip(rules.items(), choices, strict=True)
    }


def _walk(surface: Surface, rules: Mapping[str, Optimiser], start: Place) -> dict[str, Path]:
    asked = ("terrain paths", surface, tuple(rules.items()), start)
    return dict(zip(rules, once(asked, lambda: walk(surface, list(rules.values()), start, MOST_STEPS)), strict=True))


def leave_out(rule: Optimiser, look: Look) -> Optimiser:
    """The rule without the parts that a person has left out, where it has them."""
    if rule.name == "SGD":
        return rule
    bias = look.bias or not rule.name.startswith("Adam")
    return replace(rule, bias_correction=bias, eps=rule.eps if look.eps else 0.0, root=look.root)


def _by_pytorch(surface: Surface, rules: Mapping[str, Optimiser], start: Place) -> dict[str, Numbers]:
    """Places of those that PyTorch has."""
    from explorer.learning.terrain.torch_descent import walk_by_torch

    theirs = {title: rule for title, rule in rules.items() if rule.bias_correction and rule.root}
    if not theirs:
        return {}
    asked = ("terrain by PyTorch", surface, tuple(theirs.items()), start)
    places = once(asked, lambda: walk_by_torch(surface, list(theirs.values()), start, _CHECKED))
    return dict(zip(theirs, places, strict=True))


def _show_check(
    surface: Surface,
    rules: Mapping[str, Optimiser],
    start: Place,
    paths: Mapping[str, Path],
    by_pytorch: Mapping[str, Numbers],
) -> None:
    from explorer.learning.terrain.torch_descent import find_difference, find_step_difference

    apart = {
        title: find_difference(replace(paths[title], places=paths[title].places[: _CHECKED + 1]), places)
        for title, places in by_pytorch.items()
    }
    if not apart:
        st.caption("PyTorch has no such optimisers: it always corrects the bias and takes the root.")
        return
    rule = rules[max(apart, key=apart.__getitem__)]
    along = 0.0
    if max(apart.values()) > CLOSE:
        asked = ("terrain steps by PyTorch", surface, rule, start)
        along = once(asked, lambda: find_step_difference(surface, rule, start, _CHECKED))
    st.caption(say_agreement(apart, along, _CHECKED))


def _offer(surface: Surface, rules: Mapping[str, Optimiser], start: Place, paths: Mapping[str, Path]) -> None:
    from explorer.learning.terrain.snippet import terrain_snippet

    def picture() -> bytes:
        lines = [
            PathLine(
                f"{title}, rate {significant(rules[title].rate)}: {say_end(surface, path)}",
                list(OPTIMISERS).index(title),
                path.places if surface.goal is None else path.places[: (path.arrives(surface.goal) or MOST_STEPS) + 1],
            )
            for title, path in paths.items()
        ]
        turned = f", turned by {surface.angle:g} degrees" if surface.angle else ""
        side = np.linspace(-surface.reach, surface.reach, _CELLS)
        losses = surface.measure(*np.meshgrid(side, side)).value
        return terrain_picture(losses, surface.reach, lines, f"{surface.formula.text}{turned}")

    def arrays() -> bytes:
        places = {f"places_{title}": path.places for title, path in paths.items()}
        losses = {f"losses_{title}": path.losses for title, path in paths.items()}
        return arrays_as_npz(rates=np.array([rules[title].rate for title in paths]), **places, **losses)

    offer("terrain", picture, arrays, terrain_snippet(surface, rules, start, MOST_STEPS), "terrain-files")
