"""The Deck page, under its navigation, since it links to the others."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from explorer.deck.answers import Answer, Log, Progress, read, write
from explorer.deck.topics import CARDS, TOPICS, cards_on
from explorer.ui.components import Stored
from tests.pages.opening import ROOT, SECONDS, Browser, run

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRST, SECOND = list(CARDS.values())[:2]
EXERCISE = CARDS[35]

Opens = Callable[..., AppTest]


@pytest.fixture
def opens(browser_side: Browser) -> Opens:
    """`opens(address, log)`: the Deck by a link, in a browser that has stored these answers."""

    def open_deck(address: Mapping[str, str] | None = None, log: Log | None = None, page: str = "deck") -> AppTest:
        if log is not None:
            browser_side.stored = Stored(write(Progress(log)), 1, False)
        app = AppTest.from_file(ROOT / "explorer/ui/front_door.py", default_timeout=SECONDS)
        app.query_params.update(address or {})
        app.switch_page(str(ROOT / "pages" / f"{page}.py"))
        return run(app)

    return open_deck


def answered(card: int, rating: int, ago: timedelta) -> Answer:
    at = datetime.now(UTC).replace(microsecond=0) - ago
    return Answer(at, at, card, rating, 5)


def texts(app: AppTest) -> list[str]:
    return [each.value for each in (*app.main.markdown, *app.main.caption, *app.main.subheader)]


def press(app: AppTest, label: str) -> AppTest:
    (button,) = (button for button in app.main.button if button.label.startswith(label))
    return run(button.click())


def links(app: AppTest) -> dict[str, dict[str, str]]:
    """Query parameters of the links below the navigation, by label."""
    found = [link.proto for link in app.main.get("page_link")]
    return {link.label: {key: one for key, (one,) in parse_qs(link.query_string).items()} for link in found}


def asked(app: AppTest) -> int:
    (label,) = (text for text in texts(app) if text.startswith("Card ") and " · " in text)
    return int(label.split()[1])


def test_first_comes_one_question_then_its_answer_then_the_next(opens: Opens, browser_side: Browser) -> None:
    app = opens()
    assert asked(app) == FIRST.id
    assert FIRST.question in texts(app)
    assert FIRST.answer not in texts(app)
    assert browser_side.kept["text"] is None  # nothing to store yet

    press(app, "Show answer")
    assert app.query_params["answer"] == "true"
    assert FIRST.answer in texts(app)
    (query,) = (query for label, query in links(app).items() if label.startswith("Run it on"))
    assert query == {**FIRST.experiment.address, "card": str(FIRST.id)}

    press(app, "**4**")
    assert asked(app) == SECOND.id
    assert "answer" not in app.query_params
    log = read(browser_side.kept["text"], datetime.now(UTC)).progress.log
    assert [(each.card, each.rating) for each in log] == [(FIRST.id, 4)]

    press(app, f"Back to card {FIRST.id}")  # and what was said of it stays
    assert asked(app) == FIRST.id
    assert FIRST.answer in texts(app)


def test_the_next_dates_stand_under_the_ratings(opens: Opens) -> None:
    app = opens({"card": "35", "seed": "7", "answer": "true"}, log=())
    day = (datetime.now(UTC) + 2 * DAY).strftime("%a %-d %b")  # UTC is what a browser without a time zone gets
    waits = [caption.value.replace("  \n", ", ") for caption in app.main.caption if caption.value.startswith("in ")]
    assert waits[:4] == ["in 10 min", "in 10 min", "in 15 min", f"in 2 days, {day}"]
    assert waits[4].startswith("in 8 days, ")


def test_what_is_due_comes_before_what_is_new(opens: Opens) -> None:
    numbers = list(CARDS)
    log = (answered(numbers[2], 1, 60 * MINUTE), answered(numbers[3], 5, 30 * MINUTE), answered(35, 1, MINUTE))
    assert asked(opens(log=log)) == numbers[2]


def test_numbers_stay_with_the_address_and_change_with_every_new_question(opens: Opens) -> None:
    assert EXERCISE.draw is not None
    app = opens({"card": "35", "seed": "7"})
    shown = f"*With numbers:* {EXERCISE.draw(random.Random(7)).question}"
    assert shown in texts(app)
    run(app)
    assert shown in texts(app)
    press(app, "Show answer")
    assert f"*With these numbers:* {EXERCISE.draw(random.Random(7)).answer}" in texts(app)
    seeds = {opens({"card": "35"}).query_params["seed"] for _ in range(3)}
    assert len(seeds) > 1


def test_another_one_is_asked_in_place_of_what_is_put_off(opens: Opens) -> None:
    app = opens()
    press(app, "Another one")
    assert asked(app) == SECOND.id


def test_only_the_cards_of_a_page_until_none_is_left(opens: Opens) -> None:
    page = min({card.experiment.page for card in CARDS.values()}, key=lambda name: len(cards_on(name)))
    wanted = {card.id for card in cards_on(page)}
    # All of them answered and due in days: on a page they are asked all the same.
    app = opens({"page": page}, log=tuple(answered(number, 5, MINUTE) for number in sorted(wanted)))
    found = set()
    for _ in wanted:
        found.add(asked(app))
        assert app.query_params["page"] == page
        press(app, "Show answer")
        press(app, "**5**")
    assert found == wanted
    assert any(text.startswith("These were the ") for text in texts(app))
    press(app, "Once more")
    assert asked(app) in wanted


def test_nothing_due(opens: Opens) -> None:
    app = opens(log=tuple(sorted(answered(number, 5, number * MINUTE) for number in CARDS)))
    assert any(text.startswith("**Nothing is due.**") for text in texts(app))
    press(app, "Ask it now")
    assert asked(app) == max(CARDS)  # the one that was answered first


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (Stored("", 1, True), "This browser stores nothing"),
        (Stored('{"format": "another"}', 1, False), "cannot be read, and is left as it is"),
        (Stored(write(Progress()).replace('"version":1', '"version":2'), 1, False), "a newer dashboard has written"),
    ],
    ids=["refused", "damaged", "newer"],
)
def test_where_nothing_can_be_stored_the_page_says_so_and_offers_a_file(
    opens: Opens, browser_side: Browser, stored: Stored, said: str
) -> None:
    browser_side.stored = stored
    app = opens()
    assert said in app.main.warning[0].value
    press(app, "Show answer")
    press(app, "**3**")
    assert browser_side.kept["text"] is None
    label, data, name = browser_side.downloads["save"]
    assert label == "Save my answers as a file"
    assert name.endswith(".json")
    assert len(read(data, datetime.now(UTC)).progress.log) == 1
    if not stored.refused:
        press(app, "Write over it")
        assert len(read(browser_side.kept["text"], datetime.now(UTC)).progress.log) == 1
        assert not app.main.warning


def test_what_another_tab_has_stored_is_joined_to_what_this_one_knows(opens: Opens, browser_side: Browser) -> None:
    mine, theirs = answered(1, 4, DAY), answered(2, 3, 2 * DAY)
    app = opens(log=(mine,))
    browser_side.stored = Stored(write(Progress((theirs,))), 2, False)
    run(app)
    assert read(browser_side.kept["text"], datetime.now(UTC)).progress.log == (theirs, mine)
    assert browser_side.kept["seen"] == 2


def test_a_file_is_joined_to_what_is_there(opens: Opens, browser_side: Browser) -> None:
    mine, theirs = answered(35, 4, DAY), answered(36, 3, 2 * DAY)
    strange, ahead = answered(80, 3, DAY), answered(37, 3, -DAY)
    app = opens({"part": "Keep my answers"}, log=(mine,))
    file = write(Progress((theirs, mine, strange, ahead))).encode()
    for _ in range(2):  # a second time nothing more
        app.file_uploader(key="deck_file").upload("deck.json", file, "application/json")
        run(app)
        log = read(browser_side.kept["text"], datetime.now(UTC)).progress.log
        assert sorted(each.card for each in log) == [35, 36, 37, 80]
    said = [info.value for info in app.main.info]
    assert said[0] == "Loaded: 0 answers that were not here yet."
    assert any("1 answer of a time to come" in text for text in said)
    assert any("1 answer to cards that this deck does not have" in text for text in said)

    app.file_uploader(key="deck_file").upload("deck.json", b"no", "application/json")
    run(app)
    assert app.main.error[0].value == "This is no file of answers: it is not JSON."
    assert len(read(browser_side.kept["text"], datetime.now(UTC)).progress.log) == 4


def test_after_twenty_answers_a_file_is_offered(opens: Opens, browser_side: Browser) -> None:
    log = tuple(answered(number, 5, (30 - place) * MINUTE) for place, number in enumerate([*CARDS.keys() - {35}][:19]))
    app = opens({"card": "35"}, log=log)
    assert "save" not in browser_side.downloads
    press(app, "Show answer")
    press(app, "**4**")
    assert "Never saved as a file; 20 answers since the first." in texts(app)
    assert "save" in browser_side.downloads
    saved = datetime.now(UTC) - 9 * DAY - MINUTE
    browser_side.stored = Stored(write(Progress(log, saved)), 2, False)
    run(app)
    assert any(text.startswith("Last saved as a file 9 days ago, on ") for text in texts(app))


def test_all_cards_are_there_by_topic_with_their_state(opens: Opens) -> None:
    due, waiting, *_ = CARDS
    app = opens({"part": "All cards"}, log=(answered(due, 1, DAY), answered(waiting, 5, MINUTE)))
    said = "\n".join(texts(app))
    assert f"**1 card due now**, 1 after that; {len(CARDS) - 2} of {len(CARDS)} not yet asked." in said
    for card in CARDS.values():
        assert card.question in said
    assert [each.label.split("**")[1] for each in app.main.expander][: len(TOPICS)] == list(TOPICS)
    rows = [text for text in texts(app) if ":small[" in text]
    assert sum("due now" in row for row in rows) == 1
    assert sum("again in 8 days" in row for row in rows) == 1
    assert sum("not yet asked" in row for row in rows) == len(CARDS) - 2
    press(app, "Card 35")
    assert asked(app) == 35


def test_a_page_leads_back_to_the_card_that_led_there(opens: Opens) -> None:
    app = opens({"card": "35", "seed": "7", "answer": "true"})
    for key in list(app.query_params):
        del app.query_params[key]
    app.query_params["card"] = "35"
    run(app.switch_page(str(ROOT / "pages/convolution.py")))
    assert links(app)["Back to card 35"] == {"card": "35", "seed": "7", "answer": "true"}
    del app.query_params["card"]
    run(app.switch_page(str(ROOT / "pages/pooling.py")))
    assert links(app)[f"Test me on this page ({len(cards_on('pooling'))} cards)"] == {"page": "pooling"}


@pytest.mark.parametrize("value", ["", "nonsense", "1e999", "9" * 5000, "²", "-1"])
def test_a_mangled_address_asks_something(opens: Opens, value: str) -> None:
    app = opens(dict.fromkeys(("card", "seed", "answer", "page", "part"), value))
    assert asked(app) in CARDS
    assert json.dumps(dict(app.query_params))
