"""The part on words: PyTorch's autograd and formulas written out beside what the library says of rows and vectors."""

import re
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.captioning.embeddings import nearest
from explorer.captioning.vocabulary import MARKS, START, Vocabulary
from explorer.sequences.words import skipgram, snippets
from explorer.sequences.words.analogies import QUESTIONS, ask, solve
from explorer.sequences.words.describing import say_found, say_honesty
from explorer.sequences.words.one_step import DECAY, RATE, take_step
from explorer.sequences.words.paragraph import MOST, OWN, ParagraphRejected, read_paragraph
from explorer.sequences.words.skipgram import count_near, explained_share, judge, pair_loss, train_in_slices
from explorer.sequences.words.tables import Table, load_table
from explorer.slices import finish
from tests.pages.opening import run_snippet

WORDS = read_paragraph(OWN)


@given(st.lists(st.integers(4, 29), min_size=1, max_size=8))
def test_only_rows_that_were_looked_up_get_a_gradient_and_move(sentence: list[int]) -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    step = take_step(vectors, sentence, frozen=False, optimiser="sgd")
    looked_up = sorted({START, *sentence})
    assert np.flatnonzero(step.gradients).tolist() == np.flatnonzero(step.moved).tolist() == looked_up
    assert step.product_is_row
    # The formula: of each place (p - y) times the weights above it, summed over the places of a word.
    torch.manual_seed(0)
    head = nn.Linear(6, 30)
    weight, bias = head.weight.detach().double().numpy(), head.bias.detach().double().numpy()
    inputs, wanted = [START, *sentence], [*sentence, 2]
    logits = vectors[inputs].astype(np.float64) @ weight.T + bias
    off = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    off[range(len(wanted)), wanted] -= 1
    gradient = np.zeros((30, 6))
    np.add.at(gradient, inputs, off @ weight / len(inputs))
    np.testing.assert_allclose(step.gradients, np.linalg.norm(gradient, axis=1), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(step.moves, RATE * step.gradients, rtol=1e-3, atol=1e-6)


def test_a_frozen_table_stays_and_weight_decay_moves_every_row() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, 6)).astype(np.float32)
    for optimiser in ("sgd", "adamw"):
        frozen = take_step(vectors, [5, 6], frozen=True, optimiser=optimiser)
        assert not frozen.gradients.any()
        assert not frozen.moved.any()
        assert frozen.others > 0  # the layer above learns all the same
    step = take_step(vectors, [5, 6], frozen=False, optimiser="adamw")
    assert step.moved.all()
    alone = step.gradients == 0
    assert np.flatnonzero(~alone).tolist() == [START, 5, 6]
    expected = RATE * DECAY * np.linalg.norm(vectors, axis=1)[alone]
    np.testing.assert_allclose(step.moves[alone], expected, rtol=1e-3)


def test_the_captioners_tables_are_those_of_its_page() -> None:
    learned, frozen = load_table("learned"), load_table("frozen")
    assert learned.vocabulary == frozen.vocabulary
    assert learned.vectors.shape == (2538, 400)
    assert frozen.vectors.shape == (2538, 512)
    assert "dog" in learned.vocabulary


def test_the_loss_of_a_pair_is_the_papers() -> None:
    rows = np.random.default_rng(0).normal(size=(7, 4))
    sigmoid = lambda value: 1 / (1 + np.exp(-value))  # noqa: E731
    v, u, drawn = rows[0], rows[1], rows[2:]
    expected = -np.log(sigmoid(u @ v)) - sum(np.log(sigmoid(-each @ v)) for each in drawn)
    found = pair_loss(torch.tensor(v), torch.tensor(u), torch.tensor(drawn))
    assert found.item() == pytest.approx(expected, abs=1e-12)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skipgram, "STEPS", 40)
    monkeypatch.setattr(snippets, "STEPS", 40)


def test_the_program_learns_the_same_vectors(short: None, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    trained = finish(train_in_slices(WORDS, kept.append))
    assert [each.steps for each in kept] == [20, 40]
    np.testing.assert_array_equal(kept[-1].tables, trained.tables)
    monkeypatch.chdir(tmp_path)
    np.savez("words.npz", text=np.array(WORDS))
    names, printed = run_snippet(snippets.skipgram_snippet("king"))
    assert names["words"] == list(trained.vocabulary.words)
    np.testing.assert_allclose(names["centres"].detach().numpy(), trained.tables[0], atol=1e-9)
    near = [line.split()[0] for line in printed.splitlines()]
    assert near == trained.vocabulary.decode(
        each.number for each in nearest(trained.tables[0], trained.vocabulary.encode(["king"])[0], 5)
    )


def test_what_is_said_of_a_training(short: None) -> None:
    trained = finish(train_in_slices(WORDS))
    often = judge(trained, WORDS, 5)
    assert often is not None
    assert often.words == sum(count >= 5 for count in Counter(WORDS).values())
    # By the function that finds them for one word, and by counting one word after another.
    numbers = [number for number in range(len(MARKS), len(trained.vocabulary)) if trained.counts[number] >= 5]
    near = [[{each.number for each in nearest(table, number, 5)} for number in numbers] for table in trained.tables]
    agreed = [len(mine & other[place]) for other in near[1:] for place, mine in enumerate(near[0])]
    text = trained.vocabulary.encode(WORDS)
    together = [len(mine & count_near(text, number).keys()) for mine, number in zip(near[0], numbers, strict=True)]
    assert (often.agreed, often.together) == pytest.approx((np.mean(agreed), np.mean(together)))
    assert judge(trained, WORDS, 10_000) is None
    number = trained.vocabulary.encode(["king"])[0]
    lists = [[each.number for each in nearest(table, number, 5)] for table in trained.tables]
    told = say_found(trained, WORDS, number, lists)
    stay = sum(all(each in other for other in lists[1:]) for each in lists[0])
    assert f"From 3 different first weights {stay} of its 5" in told
    assert "which comes 6 times" in told
    assert f"{often.agreed:.1f} are the same" in say_honesty(trained, WORDS)


@given(st.lists(st.integers(4, 8), min_size=1, max_size=12))
def test_who_stands_near_whom(text: list[int]) -> None:
    places = [place for place, number in enumerate(text) if number == text[0]]
    expected = Counter(
        text[other] for place in places for other in range(len(text)) if 0 < abs(other - place) <= skipgram.WINDOW
    )
    assert count_near(text, text[0]) == expected


def test_the_share_that_a_plane_holds() -> None:
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(0).normal(size=(40, 6)) * [5, 3, 1, 1, 1, 1]
    assert explained_share(vectors) == pytest.approx(PCA(2).fit(vectors).explained_variance_ratio_.sum(), abs=1e-10)


def test_analogies_are_solved_by_directions() -> None:
    words = Vocabulary((*MARKS, "a", "b", "c", "d", "far", "none"))
    rows = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [-1, 0.1, 0], [0, 0, 0]], dtype=np.float32)
    table = Table(words, np.vstack([np.zeros((len(MARKS), 3), np.float32), rows]))
    answered = ask(table, ("a", "b", "c", "d"))
    assert (answered.best, answered.rank, answered.alone) == (("d", "far"), 1, "d")
    unit = rows[:5] / np.linalg.norm(rows[:5], axis=1, keepdims=True)
    target = unit[1] - unit[0] + unit[2]
    cosine = unit[3] @ target / np.linalg.norm(target)
    assert solve(table.vectors, 4, 5, 6)[0].cosine == pytest.approx(float(cosine))


def test_the_program_on_analogies_finds_the_same() -> None:
    answered = ask(load_table("learned"), QUESTIONS[0], 5)
    _, printed = run_snippet(snippets.analogy_snippet("learned", QUESTIONS[0]))
    assert tuple(line.split()[0] for line in printed.splitlines()) == answered.best


def test_a_text_is_read_or_refused_in_a_sentence() -> None:
    assert len(read_paragraph("one two three four five six seven eight nine " * 500)) == MOST
    for text, said in (("", "0 words"), ("a few words", "3 words"), ("same " * 50, "1 different")):
        with pytest.raises(ParagraphRejected, match=re.escape(said)):
            read_paragraph(text)
