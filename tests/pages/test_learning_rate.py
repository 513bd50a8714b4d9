"""The part of the Learning page on the rate over time."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.learning.rate.sweep import RATES, SEEDS, STEPS, Sweep
from explorer.slices import Slices
from explorer.ui.learning.rate import sweep
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


def open_rate(**address: str) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "Rate over time", **address})


def numbers_of(pattern: str, told: str) -> list[float]:
    found = re.search(pattern, told)
    assert found, told
    return [float(each) for each in found.groups()]


def test_the_noisy_parabola_by_every_schedule(browser_side: Browser) -> None:
    app = open_rate(ask="true")
    told = answer_first(app, "no closer", "You were right.", "mean of w²")
    mean, low, high, theory = numbers_of(r"runs is ([\d.]+)\*\* \(([\d.]+) to ([\d.]+)\); theory: ([\d.]+)\.", told)
    assert low < mean < high
    assert low < 1 / 3 < high
    assert theory == 0.333
    for rate in (0.5, 0.1, 0.02):
        mean, low, high, theory = numbers_of(rf"rate {rate} \| ([\d.]+) \(([\d.]+)–([\d.]+)\) \| ([\d.]+) \|", told)
        assert theory == float(f"{rate / (2 - rate):.3g}")
        assert low < rate / (2 - rate) < high
    run(app.segmented_control(key="rate_schedule").set_value("cosine"))
    told = texts_of(app)
    assert "By a cosine schedule from 0.5 to 0, after 500 steps" in told
    assert re.search(r"difference (0|\de-1\d) over all steps, in the rates (0|\de-1\d)", told)
    _, printed = run_snippet(app.code[0].value)
    assert f"over 2,000 runs is {float(printed.split()[0]):.3g}**" in told
    arrays = browser_side.arrays("rate-parabola-offer")
    assert arrays["measured"][-1] == pytest.approx(float(printed.split()[0]))
    assert arrays["rates"][0] == 0.5
    png = Image.open(io.BytesIO(browser_side.downloads["rate-parabola-offer-png"][1]()))
    assert len(png.convert("L").getcolors() or []) > 20


def test_schedules_on_digits(browser_side: Browser) -> None:
    app = open_rate(rate_view="Schedules on digits", rate_digits_peak="0.2", rate_beside="A tenth after each third")
    told = texts_of(app)
    assert re.search(
        r"\*\*At a peak of 0\.2, a tenth after each third gets 5\.\d+ % .* 3\.\d+ %: more errors\.\*\*", told
    )
    assert re.search(r"all networks trained at once: difference (0|\de-1\d)\.", told)
    assert len(re.findall(r"^\| (?:Constant|A tenth|Cosine|Warm-up).*, 0\.2 \|", told, re.MULTILINE)) == 5
    run(app.segmented_control(key="rate_beside").set_value("warm_up"))
    assert "a warm-up gets" in texts_of(app)
    assert ": no difference that 8 seeds show.**" in texts_of(app)


def made_up() -> Slices[Sweep]:
    """A sweep whose losses stand still after the first step."""
    shape = len(RATES), len(SEEDS)
    distance = np.abs(np.log10(np.array(RATES)) + 0.25)  # least at 0.562
    losses = np.broadcast_to((0.1 + distance)[None, :, None], (STEPS + 1, *shape)).copy()
    losses[0] = 7.0
    yield 1, 1
    return Sweep(
        losses,
        np.full(shape, 3.0),
        np.array([4.0, 5.0, 4.0]),
        np.zeros(shape, dtype=np.int64),
        2.3,
        np.full(len(SEEDS), 0.45),
        np.array([1.5, 1.0, 1.6]),
    )


def test_a_sweep_of_rates(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wiring only: what the page says of a sweep whose numbers are given."""
    monkeypatch.setattr(sweep, "sweep_in_slices", made_up)
    app = open_rate(rate_view="Sweep of rates", rate_looked="0.1", rate_after="40")
    told = texts_of(app)
    assert "After 40 steps a rate of 0.562 is best, with a loss of 0.1;" in told
    assert "$2/c$ = **0.4 to 0.5**" in told
    assert "**2.5 to 3.2 times as far**" in told
    assert "| **0.1** | 0.85 | 0 | 3 | 20 |" in told
    assert "PyTorch's SGD, rate 0.1, seed 0 alone" in told
    assert "rate=0.1" not in app.code[0].value
    assert "lr=0.1)" in app.code[0].value


@pytest.mark.parametrize("view", ["Noisy parabola", "Sweep of rates"])
def test_a_mangled_address_still_opens_the_view(
    view: str, browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "sweep_in_slices", made_up)
    names = ["rate_schedule", "rate_peak", "rate_steps", "rate_seed", "rate_looked", "rate_after"]
    for value in ("nonsense", "9" * 500, "-1"):
        app = open_rate(rate_view=view, **dict.fromkeys(names, value))
        assert "**" in texts_of(app)
