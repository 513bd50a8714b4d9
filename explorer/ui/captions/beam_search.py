"""The Captions page's part on other sentences: the beam search as a tree, and sentences drawn by chance."""

from __future__ import annotations

import html

import streamlit as st

from explorer.captioning import Beams, Caption
from explorer.captioning.describing import say, say_search
from explorer.captioning.records import search_arrays
from explorer.captioning.search import DRAWS, LENGTH_PENALTY, list_finals
from explorer.captioning.snippets import beams_snippet
from explorer.captioning.vocabulary import END, MARKS
from explorer.rendering import BeamNode, beam_tree, beam_tree_picture, grow_tree
from explorer.text import count_text
from explorer.ui.captions.choices import choose_width
from explorer.ui.captions.subject import CaptionSubject, captioner_lines, compute_beams
from explorer.ui.kit.chart import show_chart
from explorer.ui.kit.choose import choose
from explorer.ui.kit.export import arrays_as_npz, offer

TOP_KS = (0, 5, 20, 100)
LAST_SEED = 9999
_COLUMNS = 12  # steps beside each other; on a phone, where labels stand in two lines in turn, more would overlap


def compute_tree(subject: CaptionSubject, beams: Beams) -> list[BeamNode]:
    """The nodes of a search, their words as the page may write them."""
    names = subject.captioner.vocabulary.words
    words = [[html.escape(names[number]) if number != END else MARKS[END] for number in row] for row in beams.words]
    return grow_tree(words, beams.parents, beams.scores, beams.order[0], MARKS[END])


@st.cache_data(max_entries=32, show_spinner="Drawing sentences …")
def compute_draws(subject: CaptionSubject, temperature: float, top_k: int, seed: int) -> tuple[Caption, ...]:
    """Sentences drawn word by word, each from a seed of its own."""
    seen = subject.seen
    return tuple(
        subject.captioner.sample(seen, temperature, top_k, seed * DRAWS + number, ()) for number in range(DRAWS)
    )


def show_beams(subject: CaptionSubject) -> None:
    """The search, then the draws."""
    st.subheader("Beam search", anchor=False)
    st.markdown(
        "At every step each kept sentence is continued with every word, and only the most probable survive; "
        "the winner is the best of the end, its length accounted for."
    )
    width = choose_width(st.container())
    beams = compute_beams(subject, width)
    finals = list_finals(beams, subject.captioner.vocabulary)
    nodes = compute_tree(subject, beams)
    title = f"{count_text(width, 'beam')}, {count_text(len(beams.words), 'step')}"
    for first in range(1, len(beams.words) + 1, _COLUMNS):
        _show_tree(nodes, first, title, key=f"tree-{width}-{first}-{subject!r}")
    st.caption(
        "The winner is blue, a dot is the end of a sentence, a cross a branch that was given up. "
        "Hover or tap for log probabilities."
    )
    st.markdown(say_search(nodes, finals))
    st.table(
        [
            {
                "sentence": say(final.words) + ("" if final.ended else " … (cut off)"),
                "log probability": f"{final.score:.3f}",
                "length-adjusted": f"{final.adjusted:.3f}",
            }
            for final in finals
        ]
    )
    st.caption(
        f"Length-adjusted is the log probability over (words + end)^{LENGTH_PENALTY:g}: without it, short sentences "
        "would win because every further word costs probability."
    )
    heat, draws = _show_draws(subject)
    offer(
        f"{subject.name}-sentences-{width}",
        lambda: beam_tree_picture(compute_tree(subject, beams), f"{subject.picture.title}: {title}"),
        lambda: arrays_as_npz(**search_arrays(beams, finals, draws)),
        beams_snippet(captioner_lines(subject), width, *heat),
        key="beams",
    )


def _show_tree(nodes: list[BeamNode], first: int, title: str, key: str) -> None:
    """As much of the tree as has room on a narrow screen, from one step on."""
    steps = max(node.step for node in nodes)
    columns = min(steps, _COLUMNS)
    if steps > _COLUMNS:
        title = f"{title}: {first} to {min(steps, first + columns - 1)}"
    show_chart(beam_tree(nodes, title, first=first, columns=columns), key)


def _show_draws(subject: CaptionSubject) -> tuple[tuple[float, int, int], tuple[Caption, ...]]:
    """Sentences by chance; gives temperature, top-k and seed, and what was drawn."""
    st.subheader("Drawn by chance", anchor=False)
    st.markdown(
        "Here every next word is drawn by its probability. A low temperature sharpens the probabilities towards the "
        "likeliest word, a high one flattens them; top-k leaves only that many words to draw from."
    )
    row = st.container(horizontal=True, vertical_alignment="bottom")
    temperature = row.slider(
        "Temperature", 0.1, 2.0, 1.0, 0.1, format="%.1f", key="temperature", bind="query-params", width=240
    )
    top_k = choose("Words to draw from (top-k)", {k: f"{k}" if k else "all" for k in TOP_KS}, "top_k", 0, place=row)
    seed = row.number_input("Seed", 0, LAST_SEED, 0, key="draws_seed", bind="query-params", width=130)
    row.button(f"Draw {DRAWS} others", icon=":material/casino:", on_click=_draw_others)
    temperature, top_k, seed = float(temperature), int(top_k or 0), int(seed)
    draws = compute_draws(subject, temperature, top_k, seed)
    st.table([{"sentence": say(draw.words), "log probability": f"{draw.log_probability:.3f}"} for draw in draws])
    different = len({draw.words for draw in draws})
    st.caption(
        f"{different} of {DRAWS} are different. The log probabilities are the network's own, at temperature 1 and "
        "among all words; the same seed draws the same sentences."
    )
    return (temperature, top_k, seed), draws


def _draw_others() -> None:
    st.session_state["draws_seed"] = (int(st.session_state.get("draws_seed") or 0) + 1) % (LAST_SEED + 1)
