"""The view of two columns in the Learning page's part on scale and batch norm."""

import re
from typing import Any

import numpy as np
import torch

from tests.pages.opening import Browser, answer_first, open_page, run, texts_of

LINK = {"model": "tiny-vgg", "part": "Scale and batch norm", "scale_view": "Two columns"}


def hessian_of(rows: Any) -> torch.Tensor:
    x = torch.tensor(rows)
    loss = lambda w: torch.nn.functional.mse_loss(x @ w, x.sum(1)) / 2  # noqa: E731
    return torch.autograd.functional.hessian(loss, torch.zeros(2, dtype=torch.float64))


def test_the_large_column_sets_the_rate_of_both(browser_side: Browser) -> None:
    app = open_page("learning", LINK)
    told = texts_of(app)
    assert "The first column's weight jumps past its best value, the second one's crawls." in told
    assert "the curvatures are **10,000 and 0.0001**" in told
    assert "below 2 ÷ 10,000 = **0.0002 for both**" in told
    assert "| steps until both weights are learned | 230,258,511 | 1 |" in told
    assert re.search(r"difference (0|\de-1\d); `torch\.optim\.SGD` goes the same way, .* (0|\de-1\d)\.", told)
    arrays = browser_side.arrays("columns")
    curvatures = torch.linalg.eigvalsh(hessian_of(arrays["rows"])).tolist()
    np.testing.assert_allclose(curvatures, [1e-4, 1e4], rtol=1e-9)
    np.testing.assert_allclose(hessian_of(arrays["normalised_rows"]).numpy(), np.eye(2), atol=1e-12)
    np.testing.assert_allclose(arrays["path"][1], [1.8, 1.8e-8])

    run(app.select_slider(key="columns_first").set_value(0.01))
    assert "Columns of one scale: one rate suits both weights." in texts_of(app)
    run(app.select_slider(key="columns_correlation").set_value(-0.9))
    assert "a valley all the same" in texts_of(app)
    run(app.select_slider(key="columns_second").set_value(1.0))
    assert "The second column's weight jumps past its best value" in texts_of(app)
    run(app.select_slider(key="columns_rate").set_value(1.01))
    assert "the second column's weight jumps farther with every step" in texts_of(app)


def test_it_asks_first(browser_side: Browser) -> None:
    app = open_page("learning", {**LINK, "ask": "true"})
    answer_first(app, "that of the first column, spread 100", "You were right.", "crawls")


def test_a_mangled_address_shows_the_first_numbers(browser_side: Browser) -> None:
    names = ("columns_first", "columns_second", "columns_correlation", "columns_rate")
    for value in ("", "nonsense", "1e999", "9" * 500):
        assert "= **0.0002 for both**" in texts_of(open_page("learning", {**LINK, **dict.fromkeys(names, value)}))
