"""Nouns of ImageNet's classes: a partition, summed probabilities, and copying as its paper has it."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.captioning.noun_cells import KEPT, Nouns
from explorer.captioning.nouns import CLASSES, KIND_OF_NOUN, NOUN_OF_CLASS, NOUNS
from explorer.captioning.search import beam_search, teacher_force
from explorer.captioning.vocabulary import END, START, split_words
from explorer.training.noun_swaps import SURE, swap_nouns
from explorer.zoo import read_card
from tests.captioning.making_photo import LEARNT, VOCABULARY, WIDTH, cells, toy_photo_decoder

KINDS = ("lstm", "transformer")


def test_every_class_has_one_noun_or_none() -> None:
    classes = read_card("efficientnet-lite0")["classes"]
    assert len(NOUN_OF_CLASS) == len(classes) == CLASSES
    assert len(set(NOUNS)) == len(NOUNS)
    assert {noun for noun in NOUN_OF_CLASS if noun} == set(NOUNS)  # none was overwritten by a later one
    assert all(split_words(noun) == [noun] for noun in NOUNS)  # a noun is one word, as captions spell it
    named = dict(zip(classes, NOUN_OF_CLASS, strict=True))
    for title, noun in (
        ("tabby", "cat"),
        ("Egyptian cat", "cat"),
        ("golden retriever", "dog"),
        ("espresso", "coffee"),
        ("gas pump", "pump"),
        ("ice bear", "bear"),
        ("mountain bike", "bicycle"),
        ("sorrel", "horse"),
    ):
        assert named[title] == noun
    # Where a class's own last word is one of the nouns, it is nearly always that one.
    last = [(title.lower().split()[-1], noun) for title, noun in named.items() if title.lower().split()[-1] in NOUNS]
    assert sum(word == noun for word, noun in last) / len(last) > 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_a_nouns_probability_is_the_sum_over_its_classes(kind: str) -> None:
    decoder, a = toy_photo_decoder(kind), cells(3)
    assert decoder.nouns is not None
    nouns = decoder.nouns(a)
    assert nouns.numbers.shape == (3, KEPT)
    for row in range(3):
        logits = decoder.nouns.weight @ a[row, :, :WIDTH].mean(dim=0) + decoder.nouns.bias
        shares = logits.softmax(0).tolist()
        sums = {noun: sum(p for p, own in zip(shares, NOUN_OF_CLASS, strict=True) if own == noun) for noun in NOUNS}
        best = sorted(NOUNS, key=lambda noun: -sums[noun])[:KEPT]
        assert [NOUNS[number] for number in nouns.numbers[row]] == best
        assert nouns.probabilities[row].tolist() == pytest.approx([sums[noun] for noun in best], rel=1e-4)
        assert [VOCABULARY.words[number] for number in nouns.words[row]] == best


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_is_written_or_copied(kind: str) -> None:
    """Gu et al. 2016, equation 8: one softmax over all ways to say a word, summed for those with two."""
    decoder, a = toy_photo_decoder(kind), cells(2)
    scene, state = decoder.see(a)
    vector = decoder.read(torch.tensor([START, START]), scene, state).vector
    found = decoder.write(vector, scene.nouns).softmax(dim=1)
    for row in range(2):
        written = {w: float(decoder.embedding.weight[w] @ vector[row] + decoder.bias[w]) for w in range(LEARNT)}
        asked = decoder.copy(vector[row])
        copied = {}
        for place, word in enumerate(scene.nouns.words[row].tolist()):
            match = float(asked @ scene.nouns.vectors[row, place]) / math.sqrt(len(asked))
            certain = math.log(float(scene.nouns.probabilities[row, place]))
            copied[word] = match + float(decoder.trust[0]) * certain + float(decoder.trust[1])
        total = sum(map(math.exp, [*written.values(), *copied.values()]))
        for word in range(len(VOCABULARY)):
            power = sum(math.exp(each[word]) for each in (written, copied) if word in each)
            assert float(found[row, word]) == pytest.approx(power / total, rel=1e-3, abs=1e-7)
        shares = decoder.copied_shares(vector[:, None], scene.nouns, decoder.write(vector[:, None], scene.nouns))[
            row, 0
        ]
        for place, word in enumerate(scene.nouns.words[row].tolist()):
            own = math.exp(written[word]) if word in written else 0.0
            share = math.exp(copied[word]) / (math.exp(copied[word]) + own)
            assert float(shares[place]) == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_training_reads_what_a_step_reads(kind: str, seed: int) -> None:
    """Sentences of several lengths of one picture at once, and each word by itself."""
    decoder, a = toy_photo_decoder(kind, seed), cells(2, seed)
    sentences = [[[START, 4, 5, 6], [START, 7]], [[START, 8, 9, 4], [START, 5, 11]]]
    rows = torch.tensor([[row + [0] * (5 - len(row)) for row in each] for each in sentences])
    logits, looked = decoder(a, rows)
    place = 0
    for picture, each in enumerate(sentences):
        for number, row in enumerate(each):
            scene, state = decoder.see(a[picture : picture + 1])
            seen = torch.zeros(6)
            for t, word in enumerate(row):
                step = decoder.read(torch.tensor([word]), scene, state, t)
                state = step.state
                expected = decoder.write(step.vector, scene.nouns)[0]
                torch.testing.assert_close(logits[place], expected, rtol=1e-4, atol=1e-4)
                assert float(step.alpha.sum()) == pytest.approx(1, abs=1e-5)
                seen += step.alpha[0] * (step.beta[0] if kind == "transformer" else 1)
                place += 1
            torch.testing.assert_close(looked[picture, number], seen, rtol=1e-4, atol=1e-4)
    assert place == len(logits)


@pytest.mark.parametrize("kind", KINDS)
def test_a_noun_that_no_caption_has_is_only_copied(kind: str) -> None:
    decoder, a = toy_photo_decoder(kind), cells(4)
    words = torch.full((4, 1), END)
    led = teacher_force(decoder, a, words)
    own = {int(word) for word in led.nouns.words.flatten()}
    for number in range(LEARNT, len(VOCABULARY)):
        for row in range(4):
            copied = number in led.nouns.words[row]
            assert (float(led.log_probabilities[row, 0, number].exp()) > 0) == copied
    assert own
    for beams in beam_search(decoder, a, 3, 6):
        assert beams.best is not None


def test_swapped_nouns_change_sentences_and_nouns_alike() -> None:
    dog, cat = NOUNS.index("dog"), NOUNS.index("cat")
    captions = [
        [("a", "brown", "dog", "runs"), ("the", "dog"), ("an", "animal")],  # two of three
        [("two", "dogs", "run"), ("a", "dog"), ("a", "dog", "sits")],  # a plural would be left
        [("a", "man"), ("a", "man", "sits"), ("the", "man")],  # the classifier says nothing of him
        [("a", "dog"), ("a", "dog", "sits"), ("the", "dog")],  # not sure enough
    ]
    nouns = torch.tensor([[dog, cat, 0, 1]] * 4)
    probabilities = torch.tensor([[0.8, 0.1, 0.05, 0.01]] * 3 + [[SURE / 2, 0.1, 0.05, 0.01]])
    swaps = swap_nouns(captions, nouns, probabilities, torch.Generator().manual_seed(3))
    assert swaps.photos.tolist() == [0]
    new = NOUNS[int(swaps.nouns[0, 0])]
    assert new != "dog"
    assert KIND_OF_NOUN[new] == "animal"
    assert int(swaps.nouns[0, 0]) not in (dog, cat, 0, 1)
    assert swaps.nouns[0, 1:].tolist() == [cat, 0, 1]
    assert torch.equal(swaps.probabilities[0], probabilities[0])
    assert [" ".join(words) for words in swaps.captions[0]] == [
        f"a brown {new} runs",
        f"the {new}",
        f"a brown {new} runs",
    ]


def test_the_article_goes_with_the_noun() -> None:
    captions = [[("a", "dog", "runs"), ("a", "dog")]]
    nouns, probabilities = torch.tensor([[NOUNS.index("dog")] * 4]), torch.tensor([[0.9] * 4])
    said = set()
    for seed in range(60):
        swaps = swap_nouns(captions, nouns, probabilities, torch.Generator().manual_seed(seed))
        article, noun = swaps.captions[0][1]
        said.add(article)
        assert (article == "an") == (noun[0] in "aeiou")
    assert said == {"a", "an"}


def test_nouns_are_chosen_by_row() -> None:
    decoder = toy_photo_decoder("lstm")
    assert decoder.nouns is not None
    nouns = decoder.nouns(cells(3))
    assert isinstance(nouns, Nouns)
    torch.testing.assert_close(nouns.rows(torch.tensor([2, 0])).vectors, nouns.vectors[[2, 0]])
