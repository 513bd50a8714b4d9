"""Units over words, lines over words, words on a plane: every value in its place with its name."""

import json

import numpy as np
import pytest

from explorer.rendering import DIVERGING, SEQUENTIAL, SERIES, decode_png, draw_words, unit_heatmap, word_lines, word_map

WORDS = ["a", "dog", "and", "a"]
VALUES = np.random.default_rng(0).random((4, 3)).astype(np.float32)


@pytest.mark.parametrize("signed", [False, True])
def test_units_are_rows_in_the_given_order(signed: bool) -> None:
    order = np.array([2, 0, 1])
    values = VALUES - 0.5 if signed else VALUES
    figure = unit_heatmap(values, WORDS, order, "Gate", signed=signed)
    (heat,) = figure.data
    for row, unit in enumerate(order):
        for column, word in enumerate(WORDS):
            assert heat.z[row][column] == values[column, unit]
            assert heat.customdata[row][column] == unit
            assert heat.text[row][column] == word
    peak = np.abs(values).max()
    assert (heat.zmin, heat.zmax) == ((pytest.approx(-peak), pytest.approx(peak)) if signed else (0, 1))
    # A word that stands twice has two columns.
    assert list(figure.layout.xaxis.ticktext) == WORDS
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2, 3]
    assert figure.layout.yaxis.autorange == "reversed"
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"
    json.loads(figure.to_json())


def test_the_colours_are_those_of_the_house() -> None:
    def colour(scale: object, place: int) -> tuple[int, ...]:
        text = scale[place][1]  # type: ignore[index]
        return tuple(int(part) for part in text[4:-1].split(","))

    plain = unit_heatmap(VALUES, WORDS, np.arange(3), "").data[0].colorscale
    assert colour(plain, 0) == tuple(SEQUENTIAL[0])
    assert colour(plain, -1) == tuple(SEQUENTIAL[255])
    signed = unit_heatmap(VALUES, WORDS, np.arange(3), "", signed=True).data[0].colorscale
    assert colour(signed, 0) == tuple(DIVERGING[1])
    assert signed[len(signed) // 2][0] == 0.5
    assert colour(signed, len(signed) // 2) == (255, 255, 255)


def test_a_cell_state_of_zeros_is_white() -> None:
    (heat,) = unit_heatmap(np.zeros((4, 3)), WORDS, np.arange(3), "Cell", signed=True).data
    assert (heat.zmin, heat.zmax) == (-1, 1)


def test_lines_over_words() -> None:
    figure = word_lines(WORDS, {"old": [0.1, 0.2, np.nan, 0.4], "new": VALUES[:, 0]}, "p", percent=True, top=1.0)
    old, new = figure.data
    np.testing.assert_allclose(old.y, [10, 20, np.nan, 40])
    np.testing.assert_allclose(new.y, 100 * VALUES[:, 0])
    assert old.line.color != new.line.color
    assert old.line.dash != new.line.dash
    assert list(old.text) == WORDS
    assert figure.layout.yaxis.range[1] >= 100
    assert figure.layout.showlegend
    assert not word_lines(WORDS, {"one": [1, 2, 3, 4]}, "p").layout.showlegend
    pair = word_lines(WORDS, {"old": [1, 2, 3, 4], "new": [1, 2, 3, 4]}, "p", pair=True)
    assert {line.line.color for line in pair.data}.isdisjoint({old.line.color, new.line.color})


def test_words_on_a_plane() -> None:
    points = np.arange(8.0).reshape(4, 2)
    names = ["dog", "cat", "runs", "sits"]
    figure = word_map(points, names, {"caption": {"dog", "cat"}, "near": {"cat"}}, "Plane", rest="others")
    groups = {trace.name: trace for trace in figure.data}
    assert {name: list(trace.text) for name, trace in groups.items()} == {
        "others": ["runs", "sits"],
        "caption": ["dog"],
        "near": ["cat"],
    }
    np.testing.assert_array_equal(groups["others"].x, [4, 6])
    np.testing.assert_array_equal(groups["near"].y, [3])
    assert groups["others"].mode == "markers"
    assert groups["near"].mode == "markers+text"
    assert len({trace.marker.color for trace in figure.data}) == 3
    assert len(word_map(points, names, {"none": set()}, "Plane", rest="others").data) == 1


def test_the_plane_as_a_picture() -> None:
    points = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    picture = decode_png(draw_words(points, ["dog", "cat", "runs"], {"near": {"cat"}}, side=200))
    assert picture.shape == (200, 200, 3)
    marked = tuple(int(SERIES[0][place : place + 2], 16) for place in (1, 3, 5))
    assert tuple(picture[10, 190]) == marked  # to the right and up
    assert tuple(picture[190, 10]) not in (marked, (255, 255, 255))
    assert tuple(picture[100, 100]) == (255, 255, 255)
    assert draw_words(points[:1], ["dog"], {})[:4] == b"\x89PNG"
    with pytest.raises(ValueError, match="1 words"):
        draw_words(points, ["dog"], {})


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="4 words and 2 units"):
        unit_heatmap(VALUES, WORDS, np.arange(2), "")
    with pytest.raises(ValueError, match="4 words but 3 values"):
        word_lines(WORDS, {"one": [1, 2, 3]}, "")
    with pytest.raises(ValueError, match="1 words"):
        word_map(np.zeros((2, 2)), ["one"], {}, "", rest="others")
