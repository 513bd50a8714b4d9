"""The Sequences page's Unrolled and One LSTM cell: what they say of a text is what PyTorch's networks do with it."""

import re
from collections.abc import Hashable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.ui.sequences import own_text
from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


def lead(layer: nn.RNN | nn.LSTM, arrays: dict[str, np.ndarray], numbers: list[int]) -> torch.Tensor:
    """(T, V) logits of PyTorch's own layer with the weights that the page hands over."""
    bias = arrays["weights_bias"]
    values = (arrays["weights_inward"], arrays["weights_onward"], bias, 0 * bias)
    with torch.no_grad():
        for parameter, value in zip(layer.double().parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))
        states, _ = layer(torch.eye(layer.input_size, dtype=torch.float64)[numbers])
        return states @ torch.from_numpy(arrays["weights_out"]).T + torch.from_numpy(arrays["weights_out_bias"])


def test_a_state_tells_the_same_letter_apart(browser_side: Browser) -> None:
    app = open_page("sequences", {"part": "Unrolled", "ask": "true"})
    (question,) = app.radio
    verdict = "No: different ones, since the state before is another."
    told = answer_first(app, question.options[0], verdict, "next letters right")
    letters, numbers = " ehlo", [" ehlo".index(letter) for letter in "hello hello"]
    arrays = browser_side.arrays("unrolled-offer")
    logits = lead(nn.RNN(5, 5), arrays, numbers)
    said = [letters[number] for number in logits.argmax(1)]
    right = sum(one == other for one, other in zip(said, "ello hello", strict=False))
    assert "can have 8 of 10 next letters right, and no more" in told  # after l comes l twice and o twice
    assert f"has {right} of 10 right: more than without a memory" in told
    assert (said[2], said[3]) == ("l", "o")
    shares = 100 * logits.softmax(1).amax(1)
    assert f"“l” at step 3 expects “l” ({shares[2]:.3g} %), at step 4 “o” ({shares[3]:.3g} %)" in told
    for difference in re.findall(r"differ by (\S+) at most", told):
        assert float(difference) < 1e-12
    assert "`nn.Embedding`, by 0 from" in told
    assert "the same in every bit**, difference 0" in told
    (code,) = app.code
    assert run_snippet(code.value)[1].startswith(f"{right} of 10 next letters are right")

    run(app.select_slider(key="unrolled_times").set_value(0.0))
    (question,) = (radio for radio in app.radio if radio.key.startswith("ask-unrolled"))
    run(question.set_value(question.options[0]))
    run(app.toggle(key="unrolled_joined").set_value(True))
    told = texts_of(app)
    assert "You were right." in told
    assert "no more than without a memory" in told
    assert "is zero both times" in told
    states = browser_side.arrays("unrolled-offer")["states"]
    np.testing.assert_array_equal(states[2], states[3])
    assert "The same products, so the same step: difference 0**" in told


def test_other_texts_and_those_that_cannot_be_read(browser_side: Browser) -> None:
    app = open_page("sequences", {"part": "Unrolled", "unrolled_text": "a<b_", "unrolled_start": "As they begin"})
    told = texts_of(app)
    assert "has one follower only" in told
    assert "whose weights are as they begin" in told
    assert browser_side.arrays("unrolled-offer")["letters"].tolist() == list("a<b_")
    run(app.text_input(key="unrolled_text").set_value("y"))
    (warning,) = app.warning
    assert "at least two letters" in warning.value
    assert browser_side.arrays("unrolled-offer")["letters"].tolist() == list("a<b_")


def test_a_cell_whose_gates_are_held(browser_side: Browser) -> None:
    app = open_page("sequences", {"part": "Memory", "memory_look": "One LSTM cell"})
    told = texts_of(app)
    letters, numbers = " ehlo", [" ehlo".index(letter) for letter in "hello hell"]
    logits = lead(nn.LSTM(5, 4), browser_side.arrays("cell-offer"), numbers)
    shares = logits.softmax(1)[-1]
    assert f"expects “{letters[int(shares.argmax())]}” ({100 * shares.max():.3g} %)" in told
    assert re.search(r"still that of step 1, of “h” alone \(difference 0\)", told)
    (difference,) = re.findall(r"differ by (\S+) at most", told)
    assert float(difference) < 1e-12
    free = browser_side.arrays("cell-offer")

    run(app.segmented_control(key="cell_forget").set_value("open"))
    run(app.segmented_control(key="cell_input").set_value("shut"))
    arrays = browser_side.arrays("cell-offer")
    np.testing.assert_array_equal(arrays["cell"][-1], free["cell"][0])
    names, _ = run_snippet(app.code[0].value)
    last = arrays["probabilities"][-1, letters.index("o")]
    assert names["last"] == pytest.approx(last, abs=1e-12)
    assert last < 1e-5
    assert "the last letter, “o”, gets <0.001 %** in place of" in texts_of(app)
    kept = re.findall(r"it expects “(.)” \((\S+) %\)", told)[0]
    assert kept == (
        letters[int(arrays["probabilities"][-1].argmax())],
        f"{100 * arrays['probabilities'][-1].max():.3g}",
    )


def test_a_training_that_is_stopped_shows_what_it_came_to(
    browser_side: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_the_second_slice(asked: Hashable, *arguments: Any, **more: Any) -> None:
        slices = arguments[2].args[0]
        next(slices)
        next(slices)

    monkeypatch.setattr(own_text, "obtain", stop_at_the_second_slice)
    app = open_page("sequences", {"part": "Unrolled", "unrolled_text": "abba"})
    assert "trained on your text for 10 of 200 steps" in texts_of(app)
    names, _ = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["states"], browser_side.arrays("unrolled-offer")["states"], atol=1e-12)
