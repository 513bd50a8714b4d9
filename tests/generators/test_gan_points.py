"""Real points: ready shapes, drawn, pasted, on a photo's edges; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from explorer.generators.plane.points import edge_points, read_places, shape_points, stroke_points
from explorer.neurons.points import PointsRejected


def write(rows: list[tuple[float, float]], between: str = ", ") -> str:
    return "\n".join(f"{x}{between}{y}" for x, y in rows)


ROWS = [(float(x), float(x * x)) for x in range(20)]


@pytest.mark.parametrize("between", [", ", ";", "\t", " "])
def test_pasted_points_keep_their_shape(between: str) -> None:
    places = read_places(write(ROWS, between)).places
    given_places = np.array(ROWS)
    assert np.abs(places).max() == pytest.approx(0.9)
    scale = 1.8 / 361  # the longer column fills the square
    np.testing.assert_allclose(places, (given_places - (9.5, 180.5)) * scale, atol=5.1e-5)
    with_more = "x\ty\tclass\n" + "\n".join(f"{x}\t{y}\ta" for x, y in ROWS)
    assert read_places(with_more).rows == read_places(write(ROWS)).rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 points are too few to have a shape: 20 at least."),
        (write(ROWS[:19]), "19 points are too few to have a shape: 20 at least."),
        (write([(1.0, 2.0)] * 25), "All points are equal"),
        (write([*ROWS[:4], (float("nan"), 1.0), *ROWS]), "Row 5: x is “nan”, which is no finite number."),
        (write(ROWS).replace("4.0, 16.0", "4.0, x"), "Row 5: y is “x”, which is no finite number."),
        (write(ROWS).replace("4.0, 16.0", "4.0"), "Row 5 has one column: two are needed, x and y."),
        (write([*ROWS, (1e9, 0.0)]), "Row 21: x is 1e+09, beyond ±1e+06."),
        (write(ROWS * 26), "520 points are too many: 500 at most."),
    ],
)
def test_what_gives_no_points_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(PointsRejected) as refused:
        read_places(text)
    assert said in str(refused.value)


@given(st.text(max_size=300))
def test_no_text_breaks_reading(text: str) -> None:
    try:
        places = read_places(text).places
    except PointsRejected:
        return
    assert np.isfinite(places).all()
    assert len(places) >= 20


def test_a_column_may_be_constant() -> None:
    places = read_places(write([(float(x), 3.0) for x in range(20)])).places
    assert np.ptp(places[:, 0]) == pytest.approx(1.8)
    assert (places[:, 1] == 0).all()


def test_drawn_lines_are_followed_at_equal_distances() -> None:
    places = stroke_points((((10, 20), (90, 20)), ((10, 80), (50, 80)), ((50, 50),))).places
    upper = places[:, 1] > 0  # drawn from the top
    assert upper.sum() == pytest.approx(400 * 2 / 3, abs=1)
    assert places[upper, 1].mean() == pytest.approx(0.9 * 0.6, abs=0.01)
    assert places[~upper, 1].mean() == pytest.approx(-0.9 * 0.6, abs=0.01)
    histogram, _ = np.histogram(places[upper, 0], bins=8, range=(-0.72, 0.72))
    assert histogram.min() > 24
    for empty in ((), (((50, 50),),)):
        with pytest.raises(PointsRejected):
            stroke_points(empty)


def test_points_lie_on_a_photos_edges() -> None:
    photo = Image.new("RGB", (150, 100), "white")
    ImageDraw.Draw(photo).rectangle((30, 20, 119, 79), fill="black")
    places = edge_points(photo).places
    # The rectangle is 90 x 60 pixels, and fills the square in its longer direction.
    across, down = np.abs(np.abs(places[:, 0]) - 0.9 * 90 / 92), np.abs(np.abs(places[:, 1]) - 0.9 * 60 / 92)
    assert (np.minimum(across, down) < 0.04).all()
    assert edge_points(photo) == edge_points(photo)
    for even in (Image.new("RGB", (64, 48), "teal"), Image.linear_gradient("L"), Image.new("L", (1, 1))):
        with pytest.raises(PointsRejected, match="no edges"):
            edge_points(even)


def test_ready_shapes_are_the_same_each_time_and_inside_the_square() -> None:
    for name in ("eight", "ring", "moons", "line"):
        reals = shape_points(name)
        assert reals.rows == shape_points(name).rows
        assert len(reals.rows) == 400
        assert np.abs(reals.places).max() < 1.3
