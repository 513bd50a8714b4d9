"""Beam search, sampling and being led, against plain searches that know nothing of batches."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from explorer.captioning import Beams, Captioner, Decoder, shuffled, uniform
from explorer.captioning.search import LENGTH_PENALTY, LONGEST, beam_search, log_probabilities, sample, teacher_force
from explorer.captioning.vocabulary import END, PAD, START, UNKNOWN
from tests.captioning.making import WORDS, toy_captioner

FEW = WORDS[:3]
Next = Callable[[tuple[int, ...]], dict[int, float]]


def toy_decoder(seed: int = 0, words: tuple[str, ...] = FEW, scale: float = 2.0) -> Decoder:
    return toy_captioner(seed, words, scale).decoder


def scenes(count: int, seed: int = 0) -> Tensor:
    """Annotation vectors of pictures that nobody has seen: (count, 16, 8)."""
    return 2 * torch.randn(count, 16, 8, generator=torch.Generator().manual_seed(seed))


def next_words(decoder: Decoder, a: Tensor) -> Next:
    """Log probabilities after any words, each time from the very beginning and for one picture (1, L, D)."""

    @cache
    def following(words: tuple[int, ...]) -> dict[int, float]:
        with torch.inference_mode():
            logits = decoder(a, torch.tensor([[[START, *words]]]))[0][-1].double()
        allowed = [number for number in range(len(logits)) if number not in (PAD, START, UNKNOWN)]
        total = logits[allowed].logsumexp(0)
        return {number: float(logits[number] - total) for number in allowed}

    return following


def plain_beam_search(following: Next, width: int, longest: int, prefix: tuple[int, ...] = ()) -> dict:
    """What is left at the end: words, with their end mark where they have one, and scores; the best first."""
    kept = {prefix: 0.0}
    for _ in range(longest - len(prefix)):
        grown = {}
        for words, score in kept.items():
            if words[-1:] == (END,):
                grown[words] = score
            else:
                grown |= {(*words, number): score + value for number, value in following(words).items()}
        kept = dict(sorted(grown.items(), key=lambda item: -item[1])[:width])
        if all(words[-1:] == (END,) for words in kept):
            break
    return kept


def every_sentence(following: Next, longest: int, words: tuple[int, ...] = (), score: float = 0.0) -> dict:
    if words[-1:] == (END,) or len(words) == longest:
        return {words: score}
    found = {}
    for number, value in following(words).items():
        found |= every_sentence(following, longest, (*words, number), score + value)
    return found


def adjusted(words: tuple[int, ...], score: float, penalty: float) -> float:
    return score / max(len(words), 1) ** penalty


def spoken(words: tuple[int, ...]) -> list[int]:
    return [number for number in words if number != END]


def finals(beams: Beams) -> list[tuple[list[int], float]]:
    """Sentences and scores of the last step, in its order, without beams that never were."""
    last = beams.scores[-1]
    return [(beams.sentence(k), float(last[k])) for k in range(len(last)) if np.isfinite(last[k])]


# Against searches that are plainly right.


@pytest.mark.parametrize("penalty", [0.0, LENGTH_PENALTY, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_beam_wide_enough_finds_the_best_of_all_sentences(seed: int, penalty: float) -> None:
    decoder, a = toy_decoder(seed), scenes(2, seed)
    everything = [every_sentence(next_words(decoder, a[row : row + 1]), 4) for row in range(2)]
    found = beam_search(decoder, a, width=len(everything[0]), longest=4, length_penalty=penalty)
    for row, beams in enumerate(found):
        ranked = sorted(everything[row].items(), key=lambda item: -adjusted(*item, penalty))
        assert len(beams.order) == len(ranked) == 121
        assert beams.best == spoken(ranked[0][0])
        np.testing.assert_allclose(
            sorted(beams.scores[-1], reverse=True), sorted(everything[row].values(), reverse=True), rtol=1e-4
        )
        assert sum(math.exp(score) for score in beams.scores[-1]) == pytest.approx(1, abs=1e-4)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    width=st.integers(1, 8),
    longest=st.integers(1, 7),
    pictures=st.integers(1, 4),
    scale=st.sampled_from([0.7, 2.0, 3.0]),
    words=st.sampled_from([WORDS[:1], FEW, WORDS]),
)
def test_narrow_beams_are_those_of_a_plain_search(
    seed: int, width: int, longest: int, pictures: int, scale: float, words: tuple[str, ...]
) -> None:
    decoder, a = toy_decoder(seed, words, scale), scenes(pictures, seed)
    for row, beams in enumerate(beam_search(decoder, a, width, longest)):
        expected = plain_beam_search(next_words(decoder, a[row : row + 1]), width, longest)
        assert [sentence for sentence, _ in finals(beams)] == [spoken(each) for each in expected]
        np.testing.assert_allclose([score for _, score in finals(beams)], list(expected.values()), rtol=1e-4, atol=1e-4)
        best = max(expected, key=lambda each: adjusted(each, expected[each], LENGTH_PENALTY))
        assert beams.best == spoken(best)
        assert len(beams.words) == max(map(len, expected)), "no step after the last word"


def test_greedy_is_the_most_probable_word_step_by_step() -> None:
    for seed in range(5):
        decoder, a = toy_decoder(seed, WORDS), scenes(1, seed)
        following = next_words(decoder, a)
        words: tuple[int, ...] = ()
        while len(words) < LONGEST and words[-1:] != (END,):
            words = (*words, max(following(words), key=following(words).__getitem__))
        assert beam_search(decoder, a, 1)[0].best == spoken(words)


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_prefix_begins_every_sentence(width: int) -> None:
    decoder, a, prefix = toy_decoder(1, WORDS), scenes(2, 1), (5, 4, 7)
    for row, beams in enumerate(beam_search(decoder, a, width, 7, prefix)):
        expected = plain_beam_search(next_words(decoder, a[row : row + 1]), width, 7, prefix)
        assert [sentence for sentence, _ in finals(beams)] == [spoken(each) for each in expected]
        assert all(sentence[:3] == list(prefix) for sentence, _ in finals(beams))
        assert len(beams.words) <= 4


@pytest.mark.parametrize("length", [4, 6])
def test_a_prefix_as_long_as_a_sentence_may_be_is_the_sentence(length: int) -> None:
    prefix = (5, 4, 5, 6, 5, 4)[:length]
    (beams,) = beam_search(toy_decoder(), scenes(1), 3, 4, prefix)
    assert beams.best == list(prefix)
    assert beams.order == ()
    assert sample(toy_decoder(), scenes(1), longest=4, prefix=prefix) == [list(prefix)]


# What one search is made of.


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_the_steps_of_a_search_belong_together(width: int) -> None:
    (beams,) = beam_search(toy_decoder(2, WORDS, 1.0), scenes(1, 2), width)
    assert beams.words.shape == beams.parents.shape == beams.scores.shape
    assert beams.words.shape[1] == width
    assert (np.diff(beams.scores, axis=1) <= 0).all(), "the best first"
    grown = np.take_along_axis(beams.scores[:-1], beams.parents[1:], axis=1)
    assert (beams.scores[1:] <= grown).all(), "a word more is never more probable"
    over = np.take_along_axis(beams.words[:-1], beams.parents[1:], axis=1) == END
    assert (beams.words[1:][over] == END).all(), "nothing follows an end"
    np.testing.assert_array_equal(beams.scores[1:][over], grown[over])
    assert len({tuple(beams.sentence(beam)) for beam in range(width)}) == width, "no sentence twice"
    assert not np.isin(beams.words, (PAD, START, UNKNOWN)).any()


@pytest.mark.parametrize("steer", [None, uniform, shuffled(3)])
def test_the_probabilities_of_the_way_add_up_to_the_score(steer: Callable[[int, Tensor], Tensor] | None) -> None:
    decoder, a = toy_decoder(3, WORDS, 1.0), scenes(1, 3)
    (beams,) = beam_search(decoder, a, 5, 8, steer=steer)
    for sentence, score in finals(beams):
        words = [*sentence, END][:8]  # one of eight words has not ended
        led = teacher_force(decoder, a, torch.tensor([words]), steer)
        assert float(led.log_probabilities[0].gather(1, torch.tensor(words)[:, None]).sum()) == pytest.approx(
            score, abs=1e-4
        )


def test_a_vocabulary_smaller_than_the_beam() -> None:
    decoder, a = toy_decoder(0, ("a",)), scenes(3)
    together = beam_search(decoder, a, 8, 4)
    for row, beams in enumerate(together):
        expected = plain_beam_search(next_words(decoder, a[row : row + 1]), 8, 4)
        assert [sentence for sentence, _ in finals(beams)] == [spoken(each) for each in expected]
        assert len(beams.order) == 5


# Batches and threads.


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), width=st.integers(1, 8), words=st.sampled_from([WORDS[:1], FEW, WORDS]))
def test_a_batch_gives_what_each_picture_gives_alone(seed: int, width: int, words: tuple[str, ...]) -> None:
    decoder, a = toy_decoder(seed, words, 1.5), scenes(4, seed)
    for row, beams in enumerate(beam_search(decoder, a, width, 10)):
        (alone,) = beam_search(decoder, a[row : row + 1], width, 10)
        real = np.isfinite(alone.scores)
        assert beams.words.shape == alone.words.shape
        np.testing.assert_array_equal(np.isfinite(beams.scores), real)
        np.testing.assert_array_equal(beams.words[real], alone.words[real])
        np.testing.assert_array_equal(beams.parents[real], alone.parents[real])
        np.testing.assert_allclose(beams.scores[real], alone.scores[real], rtol=1e-4, atol=1e-5)
        assert beams.order == alone.order


def test_led_in_a_batch_is_led_alone() -> None:
    decoder, a = toy_decoder(4, WORDS), scenes(3, 4)
    words = torch.tensor([[4, 5, 6, END], [7, 8, END, PAD], [4, UNKNOWN, 5, END]])
    led = teacher_force(decoder, a, words)
    for row in range(3):
        alone = teacher_force(decoder, a[row : row + 1], words[row : row + 1])
        for name in ("log_probabilities", "alpha", "beta"):
            torch.testing.assert_close(getattr(led, name)[row], getattr(alone, name)[0])
        for step in range(4):
            for own, other in zip(led.steps[step].state, alone.steps[step].state, strict=True):
                torch.testing.assert_close(own[row], other[0])


def test_the_lstm_gates_are_those_of_the_lstm() -> None:
    decoder, a = toy_decoder(5, WORDS), scenes(2, 5)
    led = teacher_force(decoder, a, torch.tensor([[4, 5, END], [6, 7, END]]))
    before = led.first
    for step in led.steps:
        gates = decoder.gates(step.x, before)
        torch.testing.assert_close(gates.f * before.c + gates.i * gates.g, step.state.c)
        before = step.state


def test_led_gives_the_logits_of_training() -> None:
    decoder, a = toy_decoder(6, WORDS), scenes(2, 6)
    words = torch.tensor([[4, 5, 6, END], [7, 8, 9, END]])
    with torch.inference_mode():
        logits, looked = decoder(a, torch.cat([torch.full((2, 1), START), words[:, :-1]], dim=1)[:, None])
    led = teacher_force(decoder, a, words)
    torch.testing.assert_close(led.log_probabilities.flatten(0, 1), log_probabilities(logits))
    torch.testing.assert_close(led.alpha.sum(dim=1), looked[:, 0])


def work(captioner: Captioner, seed: int) -> tuple[object, ...]:
    a = scenes(1, seed)
    beams = captioner.search(a, 1 + seed % 8)
    drawn = captioner.sample(a, 1.3, 0, seed)
    read = captioner.read(a, ["a", "dog", "zeppelin", "runs"], uniform if seed % 2 else None)
    return beams.words.tolist(), beams.scores.tolist(), drawn.words, read.attention.tolist(), read.surprise.tolist()


def test_eight_threads_on_one_captioner_write_what_one_writes() -> None:
    captioner = toy_captioner(scale=1.5)
    seeds = list(range(8)) * 4
    expected = {seed: work(captioner, seed) for seed in set(seeds)}
    with ThreadPoolExecutor(8) as pool:
        for seed, result in zip(seeds, pool.map(lambda each: work(captioner, each), seeds), strict=True):
            np.testing.assert_equal(result, expected[seed])


# Drawing.


def chances(following: Next, longest: int, temperature: float, top_k: int) -> dict[tuple[int, ...], float]:
    """Probabilities of all sentences by the definition."""
    found = {(): 1.0}
    for _ in range(longest):
        grown: dict[tuple[int, ...], float] = {}
        for words, chance in found.items():
            if words[-1:] == (END,):
                grown[words] = chance
                continue
            ranked = sorted(following(words).items(), key=lambda item: -item[1])[: top_k or None]
            weights = {number: math.exp(value / temperature) for number, value in ranked}
            for number, weight in weights.items():
                grown[(*words, number)] = chance * weight / sum(weights.values())
        found = grown
    return found


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 0), (0.5, 0), (2.0, 0), (1.0, 2), (1.7, 3)])
def test_sentences_are_drawn_as_often_as_they_should(temperature: float, top_k: int) -> None:
    draws, decoder, a = 8000, toy_decoder(1, FEW, 1.0), scenes(1, 1)
    expected = chances(next_words(decoder, a), 3, temperature, top_k)
    together = Counter[tuple[int, ...]]()
    for words, chance in expected.items():
        together[tuple(spoken(words))] += chance  # type: ignore[assignment]
    assert sum(together.values()) == pytest.approx(1)
    seen = Counter(map(tuple, sample(decoder, a.expand(draws, -1, -1), temperature, top_k, seed=7, longest=3)))
    assert set(seen) <= set(together)
    squares = sum((seen[words] - draws * chance) ** 2 / (draws * chance) for words, chance in together.items())
    free = len(together) - 1
    assert squares < free + 5 * math.sqrt(2 * free), "chi-square, five standard deviations above its mean"


@settings(max_examples=20)
@given(seed=st.integers(0, 2**31), temperature=st.floats(0.1, 2), top_k=st.sampled_from([0, 1, 2, 5, 20, 100]))
def test_the_same_seed_draws_the_same(seed: int, temperature: float, top_k: int) -> None:
    decoder, a = toy_decoder(2, WORDS, 1.0), scenes(2, 2)
    drawn = sample(decoder, a, temperature, top_k, seed)
    assert drawn == sample(decoder, a, temperature, top_k, seed)
    assert all(len(sentence) <= LONGEST for sentence in drawn)
    assert not any({PAD, START, END, UNKNOWN} & set(sentence) for sentence in drawn)


def test_other_seeds_draw_others() -> None:
    drawn = {tuple(sample(toy_decoder(2, WORDS, 1.0), scenes(1, 2), seed=seed)[0]) for seed in range(10)}
    assert len(drawn) > 1


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 1), (2.0, 1), (1e-3, 0), (1e-45, 0), (1e-30, 5)])
def test_one_word_to_draw_from_or_no_heat_is_greedy(temperature: float, top_k: int) -> None:
    for seed in range(5):
        decoder, a = toy_decoder(seed, WORDS), scenes(1, seed)
        assert sample(decoder, a, temperature, top_k, seed)[0] == beam_search(decoder, a, 1)[0].best


def test_ties_do_not_widen_the_choice() -> None:
    decoder = toy_decoder(0, WORDS, 0.0)  # every word is as probable as every other
    drawn = sample(decoder, scenes(1).expand(200, -1, -1), 1.0, top_k=2, longest=1)
    assert len({tuple(words) for words in drawn}) <= 2


def test_a_drawn_sentence_begins_with_its_prefix_and_goes_on_as_it_should() -> None:
    decoder, a = toy_decoder(3, FEW, 1.0), scenes(1, 3)
    following = next_words(decoder, a)((4, 6))
    drawn = sample(decoder, a.expand(4000, -1, -1), longest=3, prefix=(4, 6))
    assert all(sentence[:2] == [4, 6] for sentence in drawn)
    seen = Counter(tuple(sentence[2:]) for sentence in drawn)
    for number, value in following.items():
        chance = math.exp(value)
        count = seen[() if number == END else (number,)]
        assert abs(count / 4000 - chance) < 5 * math.sqrt(chance * (1 - chance) / 4000)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be"):
        sample(toy_decoder(), scenes(1), temperature)
