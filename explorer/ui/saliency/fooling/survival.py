"""Fool it: whether the fooled photo survives treatments and other networks, and what they cost as a defence."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from explorer.adversarial.snippets import survival_snippet
from explorer.adversarial.survival import (
    TREATMENTS,
    Cost,
    Outcome,
    Survival,
    ask_network,
    cost_in_slices,
    treat_in_slices,
)
from explorer.neurons.describing import write_table
from explorer.rendering import encode_png, format_percent, join_pictures
from explorer.slices import finish
from explorer.text import as_plain_text, count_text
from explorer.ui.kit.cache import once
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.slow import obtain
from explorer.ui.saliency.fooling.compute import Fooled, name_class, pixels_of
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.pictures import get_picture, list_pictures
from explorer.ui.session.subject import Subject, open_network
from explorer.zoo import list_shipped

_MOST_PHOTOS = 12  # on which a defence's cost is measured
_SAID: dict[Outcome, str] = {"fooled": "fooled", "recovered": "itself", "other": "a third"}


def show_survival(fooled: Fooled) -> None:
    """Every treatment, every other network, and one defence with its cost."""
    subject, growth = fooled.subject, fooled.growth
    if not fooled.is_fooled:
        st.info("This change does not fool the network: there is nothing to survive. Choose a larger one.")
        return
    treated: list[Survival] | None = obtain(
        ("fooled survival", subject, fooled.attack, growth.target, fooled.index),
        "Treating both photos",
        "treatments",
        partial(finish, treat_in_slices(subject.model, growth.pixels[0], fooled.pixels)),
        st.empty(),
        "fool-survival",
    )
    if treated is None:
        return
    others = _ask_others(fooled)
    st.markdown(_say_survival(fooled, treated, others))
    rows = {
        TREATMENTS[each.treatment].label: [_say(subject, each.clean), _say(subject, each.fooled), _SAID[each.outcome]]
        for each in treated
    }
    rows = {
        "As it is": [_say(subject, growth.probabilities[0]), _say(subject, growth.probabilities[fooled.index]), ""]
    } | rows
    rows |= {
        f"Asked of {name}": [before, after, "changed" if before != after else "same"]
        for name, (before, after) in others.items()
    }
    st.markdown(write_table(["photo", "fooled", "then"], rows))
    st.caption(
        "The photo and the fooled photo, treated; then the fooled one is still fooled, itself again, or a third class. "
        "A new crop leaves out a sixteenth at the left and the top. Noisy looks: 16 copies with noise of 16 of 255, "
        "whose probabilities are averaged. Other networks know other classes: what counts is whether their answer "
        "changes."
    )
    _show_defence(subject, treated)
    offer(
        f"fooled-survival-{subject.file_stem}",
        lambda: encode_png(
            join_pictures(
                [
                    TREATMENTS[name].looks(pixels)[0]
                    for pixels in (growth.pixels[0], fooled.pixels)
                    for name in TREATMENTS
                ],
                len(TREATMENTS),
            )
        ),
        lambda: arrays_as_npz(
            treatments=np.array([each.treatment for each in treated]),
            outcomes=np.array([each.outcome for each in treated]),
            clean=np.stack([each.clean for each in treated]),
            fooled=np.stack([each.fooled for each in treated]),
        ),
        survival_snippet(opening_lines(subject), fooled.attack, growth.target, fooled.index),
        key="fool-survival-offer",
    )


def _say_survival(fooled: Fooled, treated: list[Survival], others: dict[str, tuple[str, str]]) -> str:
    """The finding, in Markdown."""
    count = sum(each.outcome == "fooled" for each in treated)
    changed = sum(before != after for before, after in others.values())
    said = (
        f"**The fooled photo stays fooled after {count} of {len(treated)} treatments, and {changed} of "
        f"{count_text(len(others), 'other network')} change their answer.**"
    )
    if alone := sum(each.outcome == "fooled" and each.alone for each in treated):
        name = name_class(fooled.subject, fooled.named)
        said += f" Without the change the photo is called {name}, too, after {count_text(alone, 'treatment')}."
    if count < len(treated):
        said += " Ask for a larger change above, and see whether it survives more."
    return said


def _say(subject: Subject, probabilities: np.ndarray) -> str:
    best = int(probabilities.argmax())
    return f"{name_class(subject, best)} {format_percent(float(probabilities[best]))}"


def _ask_others(fooled: Fooled) -> dict[str, tuple[str, str]]:
    """What the other shipped networks call the photo and the fooled photo, in Markdown."""
    subject, growth = fooled.subject, fooled.growth

    def ask() -> dict[str, tuple[str, str]]:
        said = {}
        for name in list_shipped():
            model = open_network(name, subject.device, "")
            if name == subject.network or len(model.classes) < 2:
                continue
            before, after = ask_network(model, [growth.pixels[0], fooled.pixels]).argmax(1).tolist()
            said[name] = as_plain_text(model.classes[before]), as_plain_text(model.classes[after])
        return said

    return once(("fooled others", subject, fooled.attack, growth.target, fooled.index), ask)


def _show_defence(subject: Subject, treated: list[Survival]) -> None:
    """What one treatment does as a defence, and what it costs on the photos at hand."""
    st.subheader("A defence, tried at once", anchor=False)
    name = choose(
        "Treat every photo before the network sees it", {k: t.label for k, t in TREATMENTS.items()}, "fool_defence"
    )
    pictures = [get_picture(label) for label in list_pictures()[:_MOST_PHOTOS]]
    photos = [
        pixels_of(Subject(each, subject.network, subject.device, subject.weights, subject.fit, subject.size))
        for each in pictures
    ]
    cost: Cost | None = obtain(
        ("defence", subject.network, subject.device, subject.weights, subject.fit, subject.size, name, *pictures),
        "Measuring what it costs",
        "photos",
        partial(finish, cost_in_slices(subject.model, photos, name)),
        st.empty(),
        "fool-defence",
    )
    if cost is None:
        return
    one = next(each for each in treated if each.treatment == name)
    verdict = {
        "recovered": "It brings the fooled photo back",
        "fooled": "It does not help: the photo stays fooled",
        "other": "It breaks the attack, but the photo does not come back",
    }[one.outcome]
    st.markdown(
        f"**{verdict}. Its price: {int((~cost.kept).sum())} of {count_text(len(photos), 'photo')} that nobody has "
        "attacked lose their class**; the mean probability of the class they have without it goes from "
        f"{format_percent(float(cost.before.mean()))} to {format_percent(float(cost.after.mean()))}."
        + ("" if one.kept else " This photo loses its class by it even when nobody attacks it.")
    )
    st.caption(
        "A treatment stops, at best, an attacker who does not know of it. Who does can attack through it, and mostly "
        "wins (Athalye, Carlini & Wagner 2018); what has held up so far is training on attacked photos (Madry et al. "
        "2018), and certificates."
    )
