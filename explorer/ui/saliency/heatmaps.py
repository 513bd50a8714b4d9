"""The Saliency page's heatmaps: up to six side by side, each by its own method, layer and class."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explorer.saliency import METHODS, Heatmap, SaliencyImpossible
from explorer.saliency.drawing import SIDE, Drawing, draw_heatmap, draw_heatmaps, peak_of
from explorer.saliency.snippets import maps_snippet
from explorer.text import as_plain_text, shape_text, significant
from explorer.ui.kit.choose import choose, switch
from explorer.ui.kit.click import choose_next
from explorer.ui.kit.export import arrays_as_npz, offer
from explorer.ui.kit.picture import show_png
from explorer.ui.saliency.choices import MOST_PANELS, Question, choose_layer, choose_method, choose_panel, say_question
from explorer.ui.saliency.compute import Asked, compute_photo, known_heatmap, obtain_heatmap, takes_long
from explorer.ui.saliency.faithfulness import show_faithfulness
from explorer.ui.saliency.fast import show_fast_note
from explorer.ui.session.opening import opening_lines
from explorer.ui.session.subject import Subject
from explorer.ui.shared.network import show_network
from explorer.ui.shared.recorded import facts_of

LOOK_LABELS = {"over": "Over the photo", "alone": "The map alone"}
SCALE_LABELS = {"each": "Own scale", "shared": "One scale"}


def show_maps(subject: Subject, question: Question, settings: DeltaGenerator) -> None:
    """The heatmaps, what they hand over, and how they fare when tested; most controls are in `settings`."""
    with settings:
        layer = choose_layer(subject)
        count = choose("Heatmaps", {count: str(count) for count in range(1, MOST_PANELS + 1)}, "panels", 3)
        drawing = _choose_drawing()
        fast = switch(
            "Fast mode",
            "fast",
            help="Score-CAM, SS-CAM, IS-CAM and Occlusion, which are slow, in an approximation. How close it comes is "
            "said below.",
        )
    found = show_panels(subject, question, layer, count, bool(fast), drawing)
    if layer is not None:
        show_layer(subject, layer)
    st.subheader("Should you believe them?", anchor=False)
    tested = switch("Test these heatmaps", "test", help="Runs the network about seventy times for each heatmap.")
    if tested:
        show_faithfulness(subject, found)
    else:
        st.caption(
            "A heatmap is faithful when hiding its bright places destroys the prediction, and showing them alone "
            "restores it. Switch this on to measure that, against a random map and a blob in the middle."
        )


def show_layer(subject: Subject, layer: str) -> None:
    """What the layer of class activation maps is, and the network, where a click chooses another."""
    facts = next(each for each in facts_of(subject) if each.name == layer)
    field = facts.receptive_field.size
    st.caption(
        f"Layer {layer}: {shape_text(facts.shape)}, each cell sees {field[0]:g} × {field[1]:g} px. Earlier layers "
        "tend to show fine edges and textures, later ones more coarsely where the class is."
    )
    if _drawable(subject):
        name = "Choose the layer on the network"
        panel = st.expander(name, key="layer_on_network", icon=":material/account_tree:", on_change="rerun")
        if panel.open:  # else every run would draw the whole network where nobody sees it
            with panel:
                if clicked := show_network(subject, layer, None, key="saliency-network"):
                    choose_next(layer=clicked[0])


def _drawable(subject: Subject) -> bool:
    """Whether the network is one of maps and vectors; a transformer's rows of tokens have no picture."""
    return all(len(facts.shape) in (1, 3) for facts in facts_of(subject))


def _choose_drawing() -> Drawing:
    look = choose("Look", LOOK_LABELS, "look", "over")
    scale = choose(
        "Colours",
        SCALE_LABELS,
        "scale",
        "each",
        help="By its own largest value, or by one measure for all maps of a method: methods have different units.",
    )
    opacity = st.slider("Opacity", 0, 100, 65, 5, format="%d %%", key="opacity", bind="query-params")
    contour = switch("Contour", "contour", help="A line around everything above half of the scale.")
    return Drawing(look, scale, opacity / 100, bool(contour))


def show_panels(
    subject: Subject, question: Question, layer: str | None, count: int, fast: bool, drawing: Drawing
) -> dict[Asked, Heatmap]:
    """The heatmaps in rows of three; gives those that there are."""
    pictures: list[DeltaGenerator] = []
    works: list[DeltaGenerator] = []
    asked: list[Asked] = []
    for start in range(0, count, 3):
        for number, column in enumerate(st.columns(min(3, max(2, count))), start + 1):
            if number <= count:
                with column:
                    name = choose_method(subject, number)
                    pictures.append(st.container())
                    works.append(st.empty())
                    asked.append(choose_panel(subject, question, layer, number, name, fast))
    found: dict[Asked, Heatmap] = {}
    shared = drawing.scale == "shared"  # known only when all of them are; until then each stands on its own
    twice = shared and not all(known_heatmap(each) for each in asked)
    # The quick ones first, so that something is there while the others are at work.
    for number in sorted(range(count), key=lambda number: METHODS[asked[number].method].slow):
        # Else what stood there stays until it is replaced: without its pictures the page would be short for a moment,
        # and who looks at its end would be thrown to its beginning.
        if twice or takes_long(asked[number]):
            pictures[number] = pictures[number].empty()
        try:
            heatmap = obtain_heatmap(asked[number], works[number], key=f"panel{number + 1}")
        except SaliencyImpossible as problem:
            pictures[number].info(as_plain_text(str(problem)), icon=":material/block:")
            continue
        if heatmap is None:
            continue
        found[asked[number]] = heatmap
        if twice or not shared:
            _show_one(pictures[number], asked[number], heatmap, drawing, peak_of(heatmap), layer)
    found = {each: found[each] for each in asked if each in found}  # as they stand on the page
    heatmaps = list(found.values())
    if shared:
        peaks = dict(zip(found, drawing.peaks(heatmaps), strict=True))
        for each, picture in zip(asked, pictures, strict=True):
            if each in found:
                _show_one(picture, each, found[each], drawing, peaks[each], layer)
    st.caption(drawing.describe(heatmaps))
    if fast:
        show_fast_note([each for each in found if each.fast])
    if found:
        offer(
            f"saliency-{subject.file_stem}",
            lambda: draw_heatmaps(compute_photo(subject, SIDE), heatmaps, drawing, 3),
            lambda: arrays_as_npz(
                **{
                    f"map{number}_{each.method.replace('-', '_')}": each.values
                    for number, each in enumerate(heatmaps, 1)
                }
            ),
            maps_snippet(opening_lines(subject), list(found)),
            key="offer",
        )
    return found


def _show_one(
    place: DeltaGenerator, asked: Asked, heatmap: Heatmap, drawing: Drawing, peak: float, common: str | None
) -> None:
    method = METHODS[asked.method]
    question = Question(heatmap.target, heatmap.contrast)
    said = say_question(asked.subject, question, heatmap.similar)
    with place.container():
        show_png(
            draw_heatmap(compute_photo(asked.subject, SIDE), heatmap, drawing, peak),
            alt=f"{asked.label} of {said} on {asked.subject.picture.title}",
        )
        where = f" at `{heatmap.layer}`" if heatmap.layer not in ("", common) else ""
        st.markdown(
            f"**{asked.label}**{where}, {as_plain_text(said)}: {heatmap.seconds:.2g} s",
            help=f"{method.shows} Largest value {significant(float(heatmap.values.max()))}.",
        )
        if heatmap.diagnosis:
            st.warning(heatmap.diagnosis, icon=":material/troubleshoot:")
