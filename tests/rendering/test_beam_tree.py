"""The tree of a beam search, against the sentences that the arrays hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.rendering import ACCENT, BeamNode, beam_tree, beam_tree_picture, decode_png, grow_tree

END = "<end>"
# "a dog runs" wins; "a cat" has ended; "the dog" was given up after two steps, "a dog" goes on twice.
WORDS = [["a", "the", "one"], ["dog", "dog", "cat"], ["runs", END, "sits"], [END, END, END]]
PARENTS = np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0], [0, 1, 2]])
SCORES = np.array([[-0.1, -1.0, -1.5], [-0.5, -1.2, -1.3], [-0.9, -1.4, -1.6], [-1.0, -1.4, -2.0]])


def toy() -> list[BeamNode]:
    return grow_tree(WORDS, PARENTS, SCORES, 0)


def find(nodes: list[BeamNode], text: str, ended: bool = False) -> BeamNode:
    (node,) = (each for each in nodes[1:] if " ".join(each.words) == text and each.ended == ended)
    return node


def random_search(seed: int, steps: int, width: int) -> tuple[list[list[str]], np.ndarray, np.ndarray]:
    """A search like those of `captioning`, over chance: the best `width` of every step's candidates."""
    noise = np.random.default_rng(seed)
    beams = [("", 0.0, False)]
    words, parents, scores = [], [], []
    for _ in range(steps):
        grown = []
        for number, (_word, score, over) in enumerate(beams):
            if over:
                grown.append((END, score, True, number))
                continue
            for word in (*"abc", END):
                grown.append((word, score - noise.exponential(), word == END, number))
        grown = sorted(grown, key=lambda each: -each[1])[:width]
        beams = [each[:3] for each in grown]
        missing = width - len(grown)
        words.append([each[0] for each in grown] + ["a"] * missing)
        parents.append([each[3] for each in grown] + [0] * missing)
        scores.append([each[1] for each in grown] + [-math.inf] * missing)
        if all(each[2] for each in grown):
            break
    return words, np.array(parents), np.array(scores)


def sentence(words: list[list[str]], parents: np.ndarray, step: int, beam: int) -> tuple[str, ...]:
    """Read back from the arrays, every end once."""
    text: list[str] = []
    for t in range(step, -1, -1):
        text.insert(0, words[t][beam])
        beam = int(parents[t, beam])
    return tuple(text[: text.index(END) + 1]) if END in text else tuple(text)


def told(node: BeamNode) -> tuple[str, ...]:
    return (*node.words, END) if node.ended else node.words


def test_shared_beginnings_are_one_node() -> None:
    nodes = toy()
    assert [(node.step, " ".join(told(node))) for node in nodes] == [
        (0, ""),
        (1, "a"),
        (1, "the"),
        (1, "one"),
        (2, "a dog"),
        (2, "a cat"),
        (2, "the dog"),
        (3, "a dog runs"),
        (3, "a dog sits"),
        (3, "a cat <end>"),
        (4, "a dog runs <end>"),
        (4, "a dog sits <end>"),
    ]


def test_who_won_who_stayed_and_who_was_given_up() -> None:
    nodes = toy()
    assert [" ".join(told(node)) for node in nodes if node.fate == "won"] == [
        *("", "a", "a dog", "a dog runs", "a dog runs <end>")
    ]
    assert {" ".join(told(node)) for node in nodes if node.leaf and node.fate == "dropped"} == {"one", "the dog"}
    assert find(nodes, "the").fate == "dropped"
    assert not find(nodes, "the").leaf
    assert find(nodes, "a cat", ended=True).fate == "kept"
    assert find(nodes, "a dog runs").own == pytest.approx(-0.4)


@given(seed=st.integers(0, 10_000), steps=st.integers(1, 12), width=st.integers(1, 8))
def test_the_tree_holds_every_beam_once_and_no_branches_cross(seed: int, steps: int, width: int) -> None:
    words, parents, scores = random_search(seed, steps, width)
    winner = int(np.random.default_rng(seed).choice(np.flatnonzero(np.isfinite(scores[-1]))))
    nodes = grow_tree(words, parents, scores, winner)
    expected: dict[tuple[str, ...], float] = {}
    for step in range(len(words)):
        for beam in np.flatnonzero(np.isfinite(scores[step])):
            expected[sentence(words, parents, step, beam)] = scores[step, beam]
    assert {told(node): node.score for node in nodes[1:]} == expected
    assert len(nodes) == len(expected) + 1
    last = {sentence(words, parents, len(words) - 1, beam) for beam in np.flatnonzero(np.isfinite(scores[-1]))}
    best = sentence(words, parents, len(words) - 1, winner)
    for node in nodes[1:]:
        parent = nodes[node.parent]
        assert told(parent) == told(node)[:-1]
        assert parent.step == node.step - 1
        assert node.own == pytest.approx(node.score - parent.score)
        assert 0 <= node.row < width
        prefixes = {each for each in last if each[: len(told(node))] == told(node)}
        assert node.fate == ("won" if told(node) == best[: len(told(node))] else "kept" if prefixes else "dropped")
        assert node.leaf == (told(node) not in {told(nodes[each.parent]) for each in nodes[1:]})
    for step in range(1, len(words) + 1):
        column = sorted((node for node in nodes if node.step == step), key=lambda node: node.row)
        assert len({node.row for node in column}) == len(column)
        ups = [nodes[node.parent].row for node in column]
        assert ups == sorted(ups), "a branch crosses another"
    assert {node.row for node in nodes if node.fate == "won"} == {0}, "the winner's way is straight"


def test_the_figure_says_what_the_nodes_hold() -> None:
    nodes = toy()
    figure = beam_tree(nodes, "Beam search", "start")
    groups = {trace.name: trace for trace in figure.data if trace.mode == "markers+text"}
    assert set(groups) == {"winner", "other sentences", "given up"}
    assert sum(len(trace.x) for trace in groups.values()) == len(nodes) - 1
    won = groups["winner"]
    assert won.marker.color == ACCENT
    assert list(won.text) == ["<b>a</b>", "<b>dog</b>", "<b>runs</b>", ""]
    assert list(won.x) == [1, 2, 3, 4]
    assert [row[1] for row in won.customdata] == ["-0.100", "-0.500", "-0.900", "-1.000"]
    assert won.customdata[1][2] == "this word -0.400, which is 67 %"
    assert won.customdata[3][0] == "a dog runs: ended here"
    assert set(groups["given up"].marker.symbol) == {"circle", "x-thin-open"}
    assert list(groups["given up"].marker.symbol).count("x-thin-open") == 2
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert sum(list(trace.x).count(None) for trace in lines) == len(nodes) - 1, "one edge a node"
    # No colour of the page is fixed: Streamlit's theme puts its own.
    assert figure.layout.font.color is None
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"


def test_many_columns_share_the_room() -> None:
    words = [["extraordinarily"] for _ in range(9)]
    nodes = grow_tree(words, np.zeros((9, 1), int), -np.arange(1.0, 10.0)[:, None], 0)
    (trace,) = (trace for trace in beam_tree(nodes, "").data if trace.mode == "markers+text")
    assert set(trace.text) == {"<b>extraord…</b>"}
    assert list(trace.textposition) == ["top center" if step % 2 else "bottom center" for step in range(1, 10)]
    assert "extraordinarily" in trace.customdata[0][0]


def test_a_dropped_sentence_that_had_ended_says_so() -> None:
    words = [[END, "a"], ["b", "c"]]
    nodes = grow_tree(words, np.array([[0, 0], [1, 1]]), np.array([[-1.0, -1.1], [-1.2, -1.3]]), 0)
    figure = beam_tree(nodes, "", "a photo of")
    (said,) = (row[0] for trace in figure.data if trace.name == "given up" for row in trace.customdata)
    assert said == "a photo of: ended here, then given up"


@pytest.mark.parametrize("symbol", ["$", "_", "%", "a"])
def test_the_picture_is_a_picture_whatever_the_words(symbol: str) -> None:
    nodes = grow_tree([[symbol], [END]], np.zeros((2, 1), int), np.array([[-1.0], [-2.0]]), 0)
    pixels = decode_png(beam_tree_picture(nodes, "Beam search"))
    assert pixels.std() > 0
    accent = tuple(int(ACCENT[place : place + 2], 16) for place in (1, 3, 5))
    assert (np.abs(pixels[..., :3].astype(int) - accent).sum(axis=2) < 6).any()


@pytest.mark.parametrize("winner", [-1, 3, 7])
def test_a_winner_that_is_none_is_refused(winner: int) -> None:
    with pytest.raises(ValueError, match="is none of the last step's"):
        grow_tree(WORDS, PARENTS, SCORES, winner)


def test_arrays_that_do_not_fit_are_refused() -> None:
    for words, parents, scores in (
        (WORDS[:2], PARENTS, SCORES),
        (WORDS, PARENTS[:, :2], SCORES),
        ([], np.zeros((0, 0), int), np.zeros((0, 0))),
    ):
        with pytest.raises(ValueError, match="steps of words"):
            grow_tree(words, parents, scores, 0)


def test_a_long_search_is_drawn_in_parts() -> None:
    words, parents, scores = random_search(3, 12, 4)
    nodes = grow_tree(words, parents, scores, 0)
    last = max(node.step for node in nodes)
    assert last > 5
    drawn: list[str] = []
    for first in range(1, last + 1, 5):
        figure = beam_tree(nodes, "", first=first, columns=5)
        assert figure.layout.xaxis.range == (first - 1.4, first + 4.6)
        groups = [trace for trace in figure.data if trace.mode == "markers+text"]
        assert {step for trace in groups for step in trace.x} == set(range(first, min(last, first + 4) + 1))
        drawn += [row[0] for trace in groups for row in trace.customdata]
    whole = [row[0] for trace in beam_tree(nodes, "").data if trace.mode == "markers+text" for row in trace.customdata]
    assert sorted(drawn) == sorted(whole), "every node in one part"
