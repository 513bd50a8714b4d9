"""The program that the page hands over: plain PyTorch, the shipped weights, the same date."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from explorer.sequences.attention.dates import read_text
from explorer.sequences.attention.loading import load_date_network
from explorer.sequences.attention.snippets import date_snippet
from explorer.sequences.attention.steps import write


def run(code: str) -> tuple[dict[str, object], list[str]]:
    assert "explorer" not in code
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "snippet", "exec"), names)
    return names, printed.getvalue().splitlines()


@pytest.mark.parametrize("attends", [True, False])
@pytest.mark.parametrize("text", ["3 May 1998", "Sunday, the 31st of 'Mär\\z' €"])
def test_it_writes_what_the_page_writes(text: str, attends: bool) -> None:
    reading = read_text(text)
    own = write(load_date_network(attends), reading)
    names, printed = run(date_snippet(reading, attends))
    assert names["written"] == own.text
    assert names["probability"] == pytest.approx(own.probability, rel=1e-12)
    assert printed[0].startswith(own.text)
    if attends:
        np.testing.assert_allclose(np.stack([row.numpy() for row in names["looked"]]), own.weights, atol=1e-12)
        assert [line[0] for line in printed[1:]] == list(own.text)
    else:
        assert len(printed) == 1


def test_it_moves_the_attention_as_the_page_does() -> None:
    reading = read_text("3 May 1998")
    moved = {5: np.linspace(0, 1, 10), 8: 3 * np.eye(10)[9]}
    names, _ = run(date_snippet(reading, True, moved))
    own = write(load_date_network(True), reading, moved)
    assert names["written"] == own.text
    assert names["probability"] == pytest.approx(own.probability, rel=1e-12)
