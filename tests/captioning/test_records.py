from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from explorer.captioning import Caption
from explorer.captioning.records import captions_as_csv


def test_a_title_is_no_formula() -> None:
    caption = Caption(("a", "cat"), np.full((2, 1, 1), 1.0), np.log([0.5, 0.5]), ((), ()), np.ones(2), -1.0)
    rows = list(csv.reader(io.StringIO(captions_as_csv([("=1+1.png", caption), ("a, b.png", caption)]))))
    assert rows[1][0] == "'=1+1.png"
    assert rows[2][0] == "a, b.png"
    assert rows[1][1] == "a cat"
    assert float(rows[1][2]) == pytest.approx(2 * np.log(0.5) - 1, abs=1e-4)
