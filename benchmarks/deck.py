"""The Deck: what a long log of answers costs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from streamlit.testing.v1 import AppTest

from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.deck.answers import Answer, Log, Progress
from explorer.deck.schedule import replay
from explorer.deck.topics import CARDS
from explorer.ui.deck.progress import KEPT, Kept

ROOT = Path(__file__).parents[1]
ANSWERS = 2370  # thirty to every card
RERUN_BOUND = 150  # ms
REPLAY_BOUND = 50  # ms


def measure(quick: bool) -> list[Row]:
    """With answers to every card, a day between two, as after some years."""
    log = _make_log()
    repetitions = 3 if quick else 40
    replayed = median(seconds_of(lambda: replay(log)) for _ in range(repetitions))
    note = f"median of {repetitions}"
    return [
        Row(f"replay of {ANSWERS:,} answers", replayed * 1000, "ms", REPLAY_BOUND, note),
        *_time_reruns(log, repetitions),
    ]


def _make_log() -> Log:
    numbers = sorted(CARDS)
    times = [datetime.now(UTC) - timedelta(days=ANSWERS - place) for place in range(ANSWERS)]
    return tuple(
        Answer(time, time, numbers[place % len(numbers)], 1 + place * 7 % 5, 10) for place, time in enumerate(times)
    )


def _time_reruns(log: Log, repetitions: int) -> list[Row]:
    app = AppTest.from_file(str(ROOT / "explorer" / "ui" / "front_door.py"), default_timeout=300)
    kept = Kept(seen=1)  # as when the browser has told its answers
    kept.take(Progress(log))
    app.session_state[KEPT] = kept
    _run(app.switch_page(str(ROOT / "pages" / "deck.py")))
    shown, answered = [], []
    for _ in range(repetitions + 2):
        _press(app, "Show answer")
        shown.append(seconds_of(lambda: _run(app)))
        answered.append(seconds_of(lambda: _press(app, "**4**")))
    note = f"AppTest, its own parsing included; {len(log):,} answers; median of {repetitions}"
    return [
        Row("Deck page, rerun with an answer shown", median(shown[2:]) * 1000, "ms", RERUN_BOUND, note),
        Row(
            "Deck page, an answer rated and the next question shown",
            median(answered[2:]) * 1000,
            "ms",
            RERUN_BOUND,
            note,
        ),
    ]


def _press(app: AppTest, label: str) -> None:
    (button,) = (button for button in app.main.button if button.label.startswith(label))
    button.click()
    _run(app)


def _run(app: AppTest) -> None:
    app.run()
    if app.exception or app.error:
        raise RuntimeError(f"The page shows an error: {[*app.exception, *app.error]}")
