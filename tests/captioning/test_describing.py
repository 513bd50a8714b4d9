from __future__ import annotations

import numpy as np

from explorer.captioning import Caption
from explorer.captioning.captioner import Guess
from explorer.captioning.describing import say_copied, say_likeness, say_search
from explorer.captioning.familiarity import Kind, Likeness
from explorer.captioning.search import Final


def test_where_the_winner_leaves_the_runner_up() -> None:
    def say(first: str, second: str) -> str:
        finals = [Final(tuple(words.split()), -1.0, -0.5, True) for words in (first, second)]
        return say_search([], finals).split("came in. ")[1]

    said = "The winner leaves the runner-up "
    assert say("a dog runs", "a dog sits") == f"{said}after “a dog”: “runs” against “sits”."
    assert say("a dog", "a dog runs") == f"{said}after “a dog”: the end against “runs”."
    assert say("a dog runs", "the dog") == f"{said}at the first word: “a” against “the”."
    assert say("", "a") == f"{said}at the first word: the end against “a”."
    assert say("a b c d e f g h i x", "a b c d e f g h i y") == f"{said}after “… b c d e f g h i”: “x” against “y”."


def test_what_is_said_of_copies_and_likeness() -> None:
    shares = np.array([0.0, 0.9], np.float32)
    caption = Caption(
        ("a", "cat"), np.full((2, 1, 1), 1.0), np.log([0.5, 0.5]), ((), ()), np.ones(2), -1.0, copied=shares
    )
    guesses = (Guess("cat", 0.83, "tiger cat", 0.4), Guess("dog", 0.02, "Chihuahua", 0.01))
    assert say_copied(caption, guesses).startswith("“cat” came from the classifier: tiger cat 40%")
    assert say_copied(caption, ()) == ""
    none = Caption(
        ("a", "man"), caption.attention, caption.log_probabilities, ((), ()), np.ones(2), -1.0, copied=shares * 0
    )
    assert say_copied(none, guesses).startswith("No word was copied")
    kinds = (Kind(("dog", "snow"), 0.4),)
    assert say_likeness(Likeness(0.6, 97.2, kinds)).startswith("The captioner is out of its depth here")
    assert "than 97 of 100" in say_likeness(Likeness(0.6, 97.2, kinds))
    assert "out of its depth" not in say_likeness(Likeness(0.2, 40.0, kinds))
    assert "“dog, snow”" in say_likeness(Likeness(0.2, 40.0, kinds))
