"""The Autoencoder part's view on other data: a code learned from one photo draws another, and noise."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.generators.autoencoder.patches import DEPTH, Patches, PatchesRejected, measure_error
from explorer.generators.autoencoder.principal import Principal, find_principal
from explorer.generators.autoencoder.snippets import other_snippet, training_snippet
from explorer.neurons.activations import Numbers
from explorer.neurons.describing import say_number, write_table
from explorer.rendering import code_errors, encode_png, join_pictures
from explorer.text import as_plain_text, count_text
from explorer.ui.generators.autoencoder.controls import WAYS, Photo, choose_coder, open_photo, say_error, show_drawn
from explorer.ui.kit.ask import ask_first
from explorer.ui.kit.cache import once
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.session.opening import image_lines
from explorer.ui.session.pictures import choose_picture_of, get_picture, list_pictures

_GROWS = ("it is less", "up to 1.5 times", "1.5 to 3 times", "more than 3 times")
_RANDOM: Final = 1000  # patches of random pixels


def show_other_photo(photo: Photo, size: int, row: DeltaGenerator) -> None:
    """The other photo, drawn from the code of this one and from one of its own."""
    others = [label for label in list_pictures() if label != photo.picture.label]
    finding = st.container()
    place = st.container(width=420)
    way, recipe, coder = choose_coder(photo, row, size)
    label = choose_picture_of("Another photo", others, "code_other", others[0], place=place)
    if coder is None:
        return
    try:
        other = open_photo(get_picture(label))
    except PatchesRejected as rejected:
        st.info(f"{as_plain_text(get_picture(label).title)}: {rejected}", icon=":material/info:")
        return
    at_home = measure_error(coder.run(photo.patches.values), photo.patches.values)
    drawn = coder.run(other.patches.values)
    error, floor = measure_error(drawn, other.patches.values), float(other.principal.floors[size])
    noise = _draw_noise()
    on_noise = measure_error(coder.run(noise), noise)
    titles = [each.picture.title for each in (photo, other)]
    names = [as_plain_text(title) for title in titles]
    with finding:
        asked = f"{names[0]}'s code of {size} draws {names[1]}: how much larger is the error than at home?"
        times = error / max(at_home, 1e-30)
        if not ask_first(asked, _GROWS, _GROWS[sum(times > bound for bound in (1, 1.5, 3))], "ask-code-other"):
            return
        if size == DEPTH and way == "pca":
            st.markdown(f"**With {DEPTH} numbers any patch comes back, whatever the code was learned from.**")
        else:
            left = say_error(floor)
            beside = f"{error / floor:.3g} times the {left}" if left != "0" else "against the 0"
            st.markdown(
                f"**{names[0]}'s code ({WAYS[way]}) draws {names[1]} with an error of {say_error(error)}, at home "
                f"{say_error(at_home)}**; {beside} that {count_text(size, 'number')} of its own would leave. It "
                "compresses only what is like the data it was learned from: of random pixels, whose variance is 1/12 "
                f"= 0.0833, it leaves {say_number(on_noise)}."
            )
    own = other.principal.coder(size).run(other.patches.values)
    shown = {
        "as it is": other.patches.values,
        "by the code from the sidebar's photo": drawn,
        f"by {count_text(size, 'number')} of its own": own,
    }
    for column, (name, values) in zip(st.columns(3, gap="small"), shown.items(), strict=True):
        left = "" if values is other.patches.values else f": {say_error(measure_error(values, other.patches.values))}"
        show_drawn(other, values, name, f"{names[1]}, {name}{left}", column)
    chart, words = st.columns([3, 2], gap="large")
    lines = {
        f"{titles[1]}, its own code": other.principal.floors[1:].tolist(),
        f"{titles[1]}, the code of {titles[0]}": photo.principal.errors_of(other.patches.values)[1:].tolist(),
        f"{titles[0]} at home": photo.principal.floors[1:].tolist(),
    }
    with chart:
        marked = {WAYS[way]: error}
        show_chart(code_errors(lines, size, marked, "Error of linear codes", y_title="error"), "code-other-chart")
    with words:
        rows = {
            names[0]: [say_error(at_home), say_error(float(photo.principal.floors[size]))],
            names[1]: [say_error(error), say_error(floor)],
            "random pixels": [say_number(on_noise), say_error(float(_find_noise().floors[size]))],
        }
        st.markdown(write_table([f"{names[0]}'s code", "best linear code of its own"], rows))
        st.caption(f"Errors with {count_text(size, 'number')} per patch. Random pixels: {_RANDOM:,} patches, seed 0.")
    opening = image_lines(photo.picture)
    offer(
        "other-photo",
        lambda: encode_png(join_pictures([other.patches.join(values) for values in shown.values()], 3)),
        lambda: arrays_as_npz(patches=other.patches.values, drawn=drawn, drawn_by_its_own=own),
        other_snippet(opening, image_lines(other.picture, "other"), size)
        if way == "pca"
        else training_snippet(opening, [recipe]),
        key="code-other-offer",
    )


def _draw_noise() -> Numbers:
    return np.random.default_rng(0).random((_RANDOM, DEPTH))


def _find_noise() -> Principal:
    return once(("code-of-noise",), lambda: find_principal(Patches(_draw_noise(), 1, _RANDOM)))
