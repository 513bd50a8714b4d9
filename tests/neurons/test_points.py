"""Sets of points, and points from a person's text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.neurons.points import SETS, PointsRejected, point_set, read_points

TWO = "0 0 a\n1 1 b"


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("classes", [2, 6])
def test_sets_are_the_same_each_time_and_every_class_is_in_them(name: str, classes: int) -> None:
    points = point_set(name, classes)
    assert points == point_set(name, classes)
    assert points.places.shape == (len(points.classes), 2)
    assert set(points.classes) == set(range(points.count))
    assert points.count == (classes if name == "blobs" else 2)
    assert np.abs(points.places).max() < 2.5
    assert all(round(value, 4) == value for row in points.rows for value in row)


def test_the_corners_of_xor_are_true_where_the_inputs_differ() -> None:
    points = point_set("corners")
    assert dict(zip(points.rows, points.classes, strict=True)) == {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}


@pytest.mark.parametrize(
    "text",
    [
        "1.5,2,cat\n-3,4e-1,dog\n0,0,cat",
        "x1,x2,kind\n1.5,2,cat\n-3,.4,dog\n\n0,0,cat\n",
        "1.5\t2\tcat\r\n-3\t0.4\tdog\r\n0\t0\tcat",
        "1,5;2;cat\n-3;0,4;dog\n0;0;cat",
        '"x";"y";"k"\n1.5;2;"cat"\n-3;0.4;"dog"\n0;0;"cat"',
        "  1.5   2 cat \n -3 0.4 dog\n0 0 cat",
        "\ufeff1.5 2 cat\n-3 0.4 dog\n0 0 cat",
    ],
)
def test_rows_are_read_however_their_columns_are_parted(text: str) -> None:
    points = read_points(text)
    assert points.rows == ((1.5, 2.0), (-3.0, 0.4), (0.0, 0.0))
    assert points.classes == (0, 1, 0)
    assert points.names == ("cat", "dog")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There are no points: each row needs x1, x2 and a class."),
        ("x,y,class\n", "There are no points: each row needs x1, x2 and a class."),
        (TWO + "\n2 3", "Row 3 has 2 columns: three are needed, x1, x2 and a class."),
        (TWO + "\n2,3,a,b", "Row 3 has 4 columns: three are needed, x1, x2 and a class."),
        (TWO + "\n\n2 nan a", "Row 4: x2 is “nan”, which is no finite number."),
        (TWO + "\ninf 2 a", "Row 3: x1 is “inf”, which is no finite number."),
        (TWO + "\n" + "1e999 2 a", "Row 3: x1 is “1e999”, which is no finite number."),
        (TWO + "\nx y a", "Row 3: x1 is “x”, which is no finite number."),
        (TWO + "\n2e6 2 a", "Row 3: x1 is 2e+06, beyond ±1e+06."),
        (TWO + "\n1,2,", "Row 3: a class needs a name of 1 to 40 visible letters."),
        (TWO + "\n1,2," + "n" * 41, "Row 3: a class needs a name of 1 to 40 visible letters."),
        ("1 2 a\n3 4 a", "Every row has the same class, a: two are needed at least."),
        ("1 2 a\n1 4 b", "Column x1 is 1 in every row, so it tells nothing apart."),
        ("1 2 a\n3 2 b", "Column x2 is 2 in every row, so it tells nothing apart."),
        ("\n".join(f"{row} {row} k{row}" for row in range(8)), "Row 7 brings the 7th class: 6 at most."),
        ("\n".join(f"{row} {row} k{row % 2}" for row in range(501)), "501 points are too many: 500 at most."),
    ],
)
def test_a_row_that_gives_no_point_is_named(text: str, says: str) -> None:
    with pytest.raises(PointsRejected) as refused:
        read_points(text)
    assert str(refused.value) == says


@given(st.text(max_size=200))
def test_any_text_gives_points_or_a_sentence(text: str) -> None:
    try:
        said, places = "", read_points(text).places
    except PointsRejected as refused:
        said, places = str(refused), np.zeros((1, 2))
    assert said == "" or said.endswith(".")
    assert np.isfinite(places).all()


def test_scaled_columns_have_mean_0_and_deviation_1() -> None:
    points = read_points("100 0.01 a\n300 0.02 b\n800 0.09 b").scaled()
    np.testing.assert_allclose(points.places.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(points.places.std(axis=0), 1)
    assert points.classes == (0, 1, 1)
