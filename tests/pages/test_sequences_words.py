"""The Sequences page's part on words: rows that move, a text of one's own, analogies with their misses."""

import re

import numpy as np

from tests.pages.opening import Browser, answer_first, open_page, run, run_snippet, texts_of


def test_which_rows_move(browser_side: Browser) -> None:
    app = open_page("sequences", {"model": "tiny-vgg", "part": "Words", "ask": "true"})
    told = answer_first(app, "all of them", "No: those of the sentence's words.", "got a gradient")
    assert "Of 2,538 rows 10 got a gradient" in told  # nine different words and the start mark
    assert f"the other {(2538 - 10) * 400:,} numbers are the same to the last bit" in told
    assert "the same to the last bit. Each number is one of the table" in told
    _, printed = run_snippet(app.code[0].value)
    arrays = browser_side.arrays("words-step-offer")
    moved = np.flatnonzero(arrays["moved"]).tolist()
    assert "look-up is product: True" in printed
    assert f"rows that moved: 10 {moved}" in printed

    run(app.toggle(key="ask").set_value(False))
    run(app.toggle(key="words_frozen").set_value(True))
    assert "of 2,538 rows none gets a gradient, and none moves" in texts_of(app)
    run(app.toggle(key="words_frozen").set_value(False))
    run(app.segmented_control(key="words_optimiser").set_value("adamw"))
    assert re.search(r"Yet 2,5\d\d rows moved", texts_of(app))
    run(app.text_input(key="words_sentence").set_value("a zyzzyva flies"))
    assert "no row for “zyzzyva”" in texts_of(app)
    run(app.text_input(key="words_sentence").set_value("..."))
    assert "Type at least one word" in texts_of(app)
    assert "Read instead: “a zyzzyva flies”" in texts_of(app)


def test_a_paragraph_and_analogies(browser_side: Browser) -> None:
    app = open_page("sequences", {"model": "tiny-vgg", "part": "Words", "words_view": "Your own paragraph"})
    told = texts_of(app)
    assert "“queen” is nearest to “king”, which comes 6 times" in told
    assert "king is to queen as prince is to: **princess" in told
    arrays = browser_side.arrays("words-own-offer")
    assert arrays["text"].size == 407
    assert np.isfinite(arrays["vectors"]).all()
    run(app.text_input(key="words_analogy").set_value("king queen zebra"))
    assert "not in it: zebra" in texts_of(app)
    run(app.text_area(key="words_text").set_value("too short"))
    assert "This has 2 words" in texts_of(app)
    assert "“queen” is nearest to “king”" in texts_of(app)

    run(app.segmented_control(key="words_view").set_value("analogies"))
    told = texts_of(app)
    hits = re.search(r"(\d+) of 12 are answered as a person would", told)
    assert hits is not None
    assert len(re.findall(r", hit(?: †)? \|", told)) == int(hits[1]) < 12  # the misses stand there too
    assert "| man : woman = boy : | child, girl, kid | girl, place 2 |" in told
    run(app.text_input(key="words_question").set_value("man woman"))
    assert "Type three words that captions have" in texts_of(app)
    assert app.text_input(key="words_question").value == "man woman"
