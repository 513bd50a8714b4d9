"""What docs/sequences.md says of the shipped networks, found anew: what they write, how surely, and among dots."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from explorer.sequences.attention.dates import (
    NUMBERS,
    OUTPUTS,
    SIGNS,
    Example,
    draw_example,
    exists,
    read_text,
    split_formats,
)
from explorer.sequences.attention.loading import load_date_network
from explorer.sequences.attention.network import pad, write_many
from explorer.sequences.attention.steps import write

WORDS = ("the", "a", "of", "in", "on", "house", "tree", "river", "green", "walks", "quickly", "window", "seven")


def draw(seed: str, count: int) -> list[Example]:
    numbers = random.Random(seed)
    return [draw_example(numbers, split_formats()[1]) for _ in range(count)]


def is_right(attends: bool, texts: list[str], examples: list[Example]) -> np.ndarray:
    written = write_many(load_date_network(attends), [[NUMBERS[sign] for sign in text] for text in texts])
    return np.array([found == each.iso for found, each in zip(written, examples, strict=True)])


def probabilities(texts: list[str]) -> tuple[np.ndarray, list[str]]:
    """Of whole dates, and the dates, in one batch."""
    shares = load_date_network(True)(pad([[NUMBERS[sign] for sign in text] for text in texts])).softmax(2)
    found, places = shares.double().max(2)
    return found.prod(1).numpy(), ["".join(OUTPUTS[place] for place in row) for row in places.tolist()]


@pytest.mark.parametrize(
    ("text", "written", "probability"),
    [
        ("3 May 1998", "1998-05-03", 0.99),
        ("Sunday, the 3rd of May 1998", "1998-05-03", 0.99),
        ("31 February 1998", "1998-02-31", 0.99),
        ("5/3/1998", "1998-03-05", 0.99),  # the day first
        ("3 März 1998", "1998-03-03", 0.98),  # a character that is not known
        ("45 May 1998", "1998-05-04", 0.97),  # sure, and no guard
        ("3 May 1871", "1971-05-03", 0.98),
        ("3 May 2040", "1940-05-03", 0.98),
    ],
)
def test_what_is_written_and_how_surely(text: str, written: str, probability: float) -> None:
    network, reading = load_date_network(True), read_text(text)
    run = write(network, reading)
    assert run.text == written
    # PyTorch in float32, as the network was trained.
    states, _ = network.encoder(network.read(torch.tensor([reading.numbers])))
    np.testing.assert_allclose(states[0].numpy(), run.states, atol=1e-6)
    shares = network(torch.tensor([reading.numbers]))[0].softmax(1)
    np.testing.assert_allclose(shares.numpy(), [step.probabilities for step in run.steps], atol=1e-6)
    assert run.probability > probability
    assert exists(run.text) is (written != "1998-02-31")


def test_right_dates_are_sure_and_words_are_not() -> None:
    examples = draw("sure", 1000)
    found, written = probabilities([each.text for each in examples])
    right = np.array([each.iso == iso for each, iso in zip(examples, written, strict=True)])
    assert np.quantile(found[right], 0.01) > 0.85
    assert (found[~right] < 0.9).all()
    numbers = random.Random("nonsense")
    words = [" ".join(numbers.choices(WORDS, k=numbers.randint(1, 6))) for _ in range(500)]
    of_words, _ = probabilities(words)
    assert 0.2 < np.median(of_words) < 0.4
    assert (of_words > 0.9).mean() < 0.02
    signs, _ = probabilities(["".join(numbers.choices(SIGNS[1:], k=numbers.randint(5, 25))) for _ in range(500)])
    assert 0.02 < (signs > 0.9).mean() < 0.2


def test_among_dots_only_attention_finds_the_date() -> None:
    examples = draw("among dots", 300)
    before, after = ["." * 40 + each.text for each in examples], [each.text + "." * 40 for each in examples]
    assert is_right(True, before, examples).mean() > 0.9
    assert is_right(False, before, examples).mean() < 0.1
    assert 0.4 < is_right(True, after, examples).mean() < 0.65
    assert is_right(False, after, examples).mean() < 0.01
    # What attention gets wrong there are dates that begin with the year.
    begins = tuple(each for each in split_formats()[1] if each.order == "Y M D")
    numbers = random.Random("the year first")
    years = [draw_example(numbers, begins) for _ in range(50)]
    assert is_right(True, ["." * 40 + each.text for each in years], years).mean() < 0.1
    ends = np.array([each.format.order != "Y M D" for each in examples])
    assert is_right(True, before, examples)[ends].mean() > 0.94


def test_leading_the_attention_to_another_digit_writes_another_digit() -> None:
    network, reading = load_date_network(True), read_text("3 May 1998")
    for place, onto, written in ((3, 8, "1999-05-03"), (3, 0, "1993-05-03"), (6, 0, "1998-03-03")):
        assert write(network, reading, {place: np.eye(10)[onto]}).text == written
