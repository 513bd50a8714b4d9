"""The part of the Sequences page on memory."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import t

from explorer.sequences.memory import first_letter, surveys
from explorer.ui.sequences.memory import every_length, learned
from tests.pages.opening import Browser, open_page, run, run_snippet, texts_of

ADDRESS = {"model": "tiny-vgg", "part": "Memory"}


def read_number(written: str) -> float:
    r"""{3.72 \cdot 10^{-44}} or {0.0165}."""
    return float(re.sub(r" \\cdot 10\^\{(-?\d+)\}", r"e\1", written[1:-1]))


def test_the_open_gate_keeps_a_gradient_and_the_name_does_not(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveys, "SURVEYED", 2)
    app = open_page("sequences", ADDRESS)
    told = texts_of(app)
    said = re.search(r"100 letters back .*? leaves \$(.*?)\$ .*? 0 \$(.*?)\$ .*? 3 \$(.*?)\$\.", told)
    assert said is not None
    left = [read_number(each) for each in said.groups()]
    _, printed = run_snippet(app.code[0].value)
    by_pytorch = [float(line.split()[-2]) for line in printed.splitlines()]  # at 0, 10, ... 100, 110
    assert left == pytest.approx(by_pytorch[:3], rel=6e-3)
    assert left == pytest.approx([2.68e-20, 1.72e-22, 0.0165], rel=0.02)
    assert "The name LSTM keeps nothing: with gates half open it keeps even less than this RNN" in told
    apart = re.search(r"largest difference (\S+) of a length", told)
    assert apart is not None
    assert float(apart[1]) < 1e-9
    arrays = browser_side.arrays("memory-offer")
    lengths, middle, low, high = (arrays[name] for name in ("lengths", "middle", "low", "high"))
    np.testing.assert_allclose(middle, np.exp(np.log(lengths).mean(axis=1)))
    within = (lengths >= low[:, None]) & (lengths <= high[:, None])
    assert within.mean(axis=1) == pytest.approx(0.9, abs=0.01)

    run(app.text_input(key="memory_text").set_value("Grüße"))
    assert "Not in the alphabet, and all read as the same unknown letter: ü ß" in texts_of(app)
    run(app.text_input(key="memory_text").set_value("x"))
    assert "Shown is “grüße”" in app.warning[0].value


def test_the_first_letter_is_said_or_not_from_five_seeds(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_letter, "STEPS", 20)
    monkeypatch.setattr(learned, "STEPS", 20)
    app = open_page("sequences", ADDRESS | {"memory_look": "Say the first letter", "memory_between": "10"})
    told = texts_of(app)
    arrays = browser_side.arrays("memory-task-offer")
    right = arrays["right"][:, :, -1]
    assert right.shape == (5, 5)
    for shares in right:
        assert ", ".join(f"{100 * each:.0f}" for each in shares) in told
    less = right[2] - right[0]
    reach = t.ppf(1 - 0.05 / 5 / 2, 4) * less.std(ddof=1) / 5**0.5
    interval = f"{100 * (less.mean() - reach):+.0f} to {100 * (less.mean() + reach):+.0f}".replace("-", "−")
    line = next(line for line in told.splitlines() if "LSTM with bias 0 beside the RNN" in line)
    assert interval in line
    assert ("no difference" in line) == bool(abs(less.mean()) <= reach)

    monkeypatch.setattr(every_length, "BETWEEN", (10,))
    run(app.toggle(key="memory_every_n").set_value(True))
    told = texts_of(app)
    titles = ("RNN", "RNN, spread 1", "LSTM, bias 0", "LSTM, bias 3", "GRU, bias 3")
    for title, shares in zip(titles, right, strict=True):
        assert f"{title}: {'10' if shares.min() >= 0.9 else 'at none'}" in told
        assert f"| {title} | {100 * shares.mean():.0f} |" in told
