"""A person's text, what can be known of it without a memory, and the training that is PyTorch's own."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from explorer.sequences.next_letter import (
    RATE,
    Kind,
    Recipe,
    TextRejected,
    Trained,
    count_right,
    count_without_memory,
    name_letter,
    read_text,
    train_in_slices,
)
from explorer.slices import finish


@given(st.text(max_size=140))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        text = read_text(typed)
    except TextRejected:
        return  # with a sentence; see below
    assert 2 <= len(text) <= 120
    assert read_text(text) == text
    assert all(name_letter(letter).strip() and name_letter(letter).isprintable() for letter in text)
    assert Recipe(text).letters[Recipe(text).numbers[0]] == text[0]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "at least two letters"),
        (" x ", "at least two letters"),
        ("x" * 121, "has 121 letters"),
        ("a\0b", "U\\+0000"),
    ],
)
def test_what_cannot_be_read(typed: str, said: str) -> None:
    with pytest.raises(TextRejected, match=said):
        read_text(typed)
    assert read_text("cafe\u0301  au\tlait") == "café au lait"


@given(st.text("abc", min_size=2, max_size=12))
def test_no_rule_from_one_letter_to_the_next_is_right_more_often(text: str) -> None:
    rules = (dict(zip("abc", said, strict=True)) for said in product("abc", repeat=3))
    best = max(sum(rule[text[at]] == text[at + 1] for at in range(len(text) - 1)) for rule in rules)
    assert count_without_memory(text) == best


def test_right_is_what_is_most_probable() -> None:
    probabilities = np.array([[0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
    assert count_right(probabilities, np.array([0, 1, 1])) == 1


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_the_training_is_pytorchs(kind: Kind) -> None:
    recipe = Recipe("abcab", kind, 3, seed=4, steps=7)
    state = torch.random.get_rng_state()
    kept: list[tuple[Trained, ...]] = []
    trained, other = finish(train_in_slices([recipe, replace(recipe, seed=5)], kept.append))
    assert [each.recipe.steps for each in kept[0]] == [5, 5]
    assert not np.array_equal(kept[0][0].weights.onward, trained.weights.onward)
    assert not np.array_equal(other.weights.onward, trained.weights.onward)
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(4)
    layer = (nn.RNN if kind == "rnn" else nn.LSTM)(3, 3)
    head = nn.Linear(3, 3)
    both = nn.ModuleList([layer, head]).double()
    optimiser = torch.optim.Adam(both.parameters(), RATE)
    letters = torch.tensor([0, 1, 2, 0, 1])
    x = torch.eye(3, dtype=torch.float64)[letters[:-1]]
    for _ in range(7):
        loss = -functional.log_softmax(head(layer(x)[0]), 1)[range(4), letters[1:]].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    np.testing.assert_allclose(trained.weights.onward, layer.weight_hh_l0.detach(), atol=1e-12)
    np.testing.assert_allclose(trained.weights.bias, (layer.bias_ih_l0 + layer.bias_hh_l0).detach(), atol=1e-12)
    np.testing.assert_allclose(trained.weights.out, head.weight.detach(), atol=1e-12)
    assert trained.weights.count == sum(each.numel() for each in both.parameters()) - len(trained.weights.bias)
