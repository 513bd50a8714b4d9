import numpy as np
import pytest

from explorer.rendering.figures.sequences.classes import class_shares


def test_a_panel_for_each_network_and_a_bar_for_each_word() -> None:
    shares = {
        "forward": np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]]),
        "both": np.array([[0.0, 0.9, 0.1], [0.8, 0.1, 0.1]]),
    }
    figure = class_shares(["<b>", "<b>"], shares, ("no name", "person", "place"), "Title")
    assert [(trace.name, trace.xaxis) for trace in figure.data] == [
        (name, axis) for axis in ("x", "x2") for name in ("no name", "person", "place")
    ]
    for panel, values in enumerate(shares.values()):
        bars = np.array([trace.x for trace in figure.data[3 * panel : 3 * panel + 3]], dtype=float)
        np.testing.assert_allclose(bars, 100 * values.T)
        np.testing.assert_allclose(bars.sum(axis=0), 100)
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;", "&lt;b&gt;")  # the same word twice, as it is
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert [note.text for note in figure.layout.annotations] == ["forward", "both"]
    with pytest.raises(ValueError, match="2 words and 2 classes"):
        class_shares(["a", "b"], shares, ("one", "two"), "Title")
