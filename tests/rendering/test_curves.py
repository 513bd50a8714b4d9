import pytest

from explorer.rendering import SERIES, curves

STEPS = [0, 1, 2]


def test_shares_become_percent() -> None:
    figure = curves(STEPS, {"max": [0.0, 0.5, 1.0]}, "moved", x_title="shift in pixels")
    assert list(figure.data[0].y) == [0, 50, 100]
    assert list(figure.data[0].x) == STEPS
    assert figure.layout.title.text == "moved"
    assert figure.layout.xaxis.title.text == "shift in pixels"
    plain = curves(STEPS, {"max": [0.0, 0.5, 1.0]}, "moved", x_title="shift", percent=False)
    assert list(plain.data[0].y) == [0, 0.5, 1]


def test_every_line_can_be_told_without_its_colour() -> None:
    figure = curves(STEPS, {f"kind {number}": [0.1] * 3 for number in range(7)}, "moved", x_title="shift")
    looks = [(line.line.dash, line.marker.symbol) for line in figure.data]
    assert len(set(looks)) == 7
    assert len({line.line.color for line in figure.data}) == 7
    assert [line.name for line in figure.data] == [f"kind {number}" for number in range(7)]
    assert figure.layout.showlegend


def test_a_series_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'max'"):
        curves(STEPS, {"max": [0.1]}, "moved", x_title="shift")


@pytest.mark.parametrize("colour", SERIES)
def test_lines_are_seen_on_both_grounds(colour: str) -> None:
    """A contrast of at least 2:1 on the light and on the dark page; dash and marker tell them apart besides."""

    def luminance(code: str) -> float:
        parts = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for ground in ("#ffffff", "#0e1112"):
        first, second = sorted((luminance(colour), luminance(ground)))
        assert (second + 0.05) / (first + 0.05) > 2
