"""The part of the Learning page on a real network."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch.nn import functional as F

from explorer.learning.real_network import races
from explorer.learning.real_network.networks import Task
from explorer.neurons.points import point_set
from tests.learning.test_races import POINTS, plain_network
from tests.pages.opening import Browser, open_page, run, run_snippet, texts_of

SHORT = {"race_steps": "50", "race_starts": "3"}


def open_network(**address: str | list[str]) -> AppTest:
    return open_page("learning", {"model": "tiny-vgg", "part": "A real network", **SHORT, **address})


def test_the_plane_is_not_what_the_paths_have_under_them(browser_side: Browser) -> None:
    app = open_network(race_optimisers=["SGD", "Adam"], ask="true")
    assert "keeps" not in texts_of(app)
    (question,) = [radio for radio in app.radio if radio.key.startswith("ask-race")]
    assert "of the variance" in question.label
    run(question.set_value("at about half"))
    told = texts_of(app)
    kept = browser_side.arrays("race-offer")
    paths = {name: kept[f"{name}_weights"] for name in ("SGD", "Adam")}
    every = np.concatenate([*paths.values()])
    lengths = np.linalg.svd(every - every.mean(0), compute_uv=False) ** 2
    share = re.search(r"keeps ([\d.]+)\s% of the variance, and still shows a loss of", told)
    assert share
    assert float(share[1]) == pytest.approx(100 * lengths[:2].sum() / lengths.sum(), rel=0.01)
    assert kept["losses"].shape == (61, 61)
    x, y = torch.from_numpy(point_set("moons").places), torch.tensor(point_set("moons").classes)
    for name, path in paths.items():
        network = plain_network(POINTS, 0)
        if name == "SGD":
            start = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
            np.testing.assert_allclose(path[0], start, atol=1e-15)
        foot = kept["centre"] + kept[f"{name}_places"][-1] @ kept["axes"]
        for numbers, what in ((path[-1], "true"), (foot, "drawn")):
            torch.nn.utils.vector_to_parameters(torch.from_numpy(numbers), network.parameters())
            assert kept[f"{name}_{what}"][-1] == pytest.approx(F.cross_entropy(network(x), y).item(), rel=1e-9)
        row = rf"\| {name} \| [\d.]+ \| {kept[f'{name}_true'][-1]:.3g} \| {kept[f'{name}_drawn'][-1]:.3g} \|"
        assert re.search(row.replace("-", "−"), told), told
    for difference in re.findall(r"difference (\S+?)[;.]", told):
        assert float(difference) < 1e-12
    factors = np.concatenate([np.abs(np.log2(kept[f"{name}_true"] / kept[f"{name}_drawn"])) for name in paths])
    assert f"At {(factors > 1).sum()} of {len(factors)} places" in told
    assert Image.open(io.BytesIO(browser_side.downloads["race-offer-png"][1]())).size == (900, 720)

    run(app.select_slider(key="race_factor").set_value(10.0))
    assert not [radio for radio in app.radio if radio.key.startswith("ask-race") and radio.value]  # another question
    app = run(app.toggle(key="ask").set_value(False))
    assert f"At {(factors > np.log2(10)).sum()} of {len(factors)} places" in texts_of(app)

    names, printed = run_snippet(app.code[0].value)
    assert float(printed.split()[4]) == pytest.approx(lengths[:2].sum() / lengths.sum(), rel=1e-6)
    for name in paths:
        np.testing.assert_allclose(names["true"][name], kept[f"{name}_true"], rtol=1e-6)
        np.testing.assert_allclose(names["drawn"][name], kept[f"{name}_drawn"], rtol=1e-6)


def test_a_winner_or_none_from_other_starts(browser_side: Browser) -> None:
    app = open_network(race_optimisers=["SGD", "Adam"], race_points="XOR, four corners")
    told = texts_of(app)
    arrays = browser_side.arrays("race-starts")
    decades = {name: np.log10(arrays[f"{name}_losses"]) for name in ("SGD", "Adam")}
    spans = {}
    for name, values in decades.items():
        assert len(values) == 3
        reach = 4.302653 * values.std(ddof=1) / 3**0.5  # Student's t, two degrees of freedom
        spans[name] = values.mean() - reach, values.mean() + reach
    best = min(decades, key=lambda name: decades[name].mean())
    other = "Adam" if best == "SGD" else "SGD"
    expected = f"{best} wins" if spans[best][1] < spans[other][0] else "No winner by loss"
    assert expected in told
    run(app.pills(key="race_optimisers").set_value(["Adam"]))
    assert "nothing but Adam was tried" in texts_of(app)


def test_own_points_are_learned_and_a_bad_row_keeps_the_last(browser_side: Browser) -> None:
    app = open_network(race_points="your own points", race_optimisers=["SGD"])
    assert "An MLP 2-16-16-3" in texts_of(app)
    run(app.text_area(key="own_points").set_value("1 2 a\n2 x b"))
    assert "Row 2: x2 is “x”" in app.error[0].value
    assert "An MLP 2-16-16-3" in texts_of(app)  # the last points that worked


def test_where_no_rate_ends_finite_it_is_said(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(races, "RATES", (1e308,))
    app = open_network(race_optimisers=["SGD"], race_seed="9")
    assert "does SGD end at a finite loss" in app.error[0].value
    assert "variance" not in texts_of(app)


def test_digits_by_a_small_cnn(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Task, "side", 5)
    app = open_network(race_network="CNN on digits", race_optimisers=["Adam"])
    told = texts_of(app)
    assert "Adam from 1,418 weights and biases, at the best of 8 rates." in told
    share = re.search(r"\| Adam \| ([\d.]+)\s% \([\d.]+\s% to [\d.]+\s%\) \|", told)
    assert share
    assert float(share[1]) > 50
    for difference in re.findall(r"difference (\S+?)[;.]", told):
        assert float(difference) < 1e-4
