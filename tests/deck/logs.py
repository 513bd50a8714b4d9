"""Logs of answers to try things with."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from explorer.deck.answers import Answer, Progress

NOW = datetime(2026, 11, 29, 8, 30, 0, 250_000, tzinfo=UTC)
_times = st.integers(0, 3 * 365 * 24 * 3600 * 1000).map(lambda ago: NOW - timedelta(milliseconds=ago))
# Few cards and few times, so that two logs often have answers with the same card and time.
_few_times = st.integers(0, 5).map(lambda hours: NOW - timedelta(hours=hours))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    at = draw(st.one_of(_times, _few_times))
    counted = min(at, draw(st.one_of(st.just(at), _times)))
    return Answer(counted, at, draw(st.integers(1, 90)), draw(st.integers(1, 5)), draw(st.integers(0, 600)))


logs = st.lists(answers(), max_size=12, unique_by=lambda answer: (answer.card, answer.at)).map(
    lambda found: tuple(sorted(found))
)
progresses = st.builds(Progress, logs, st.one_of(st.none(), _times))
