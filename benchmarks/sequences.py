"""The Sequences page: its first screen, pointing at letters in the browser, and reruns of its parts."""

from dataclasses import replace
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from benchmarks.browsing import open_dashboard
from benchmarks.results import Row
from benchmarks.timing import FRAME_BOUND, seconds_of, time_reruns
from explorer.sequences.memory.first_letter import SEEDS, UNITS, Task
from explorer.sequences.memory.first_letter import train_in_slices as train_first_letter
from explorer.sequences.memory.networks import Kind, Network
from explorer.sequences.words.paragraph import OWN, read_paragraph
from explorer.sequences.words.skipgram import train_in_slices
from explorer.slices import finish
from tests.browser.find_browser import BrowserMissing
from tests.browser.serving import ROOT, wait_until_idle

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from streamlit.testing.v1 import AppTest

PAGE = ROOT / "pages" / "sequences.py"
ATTENTION = {"model": "tiny-vgg", "part": "Attention"}
_POINT = """async written => {
    const times = [];
    for (const letter of written) {
        const start = performance.now();
        letter.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, composed: true, pointerId: 1 }));
        times.push(performance.now() - start);
        await new Promise(requestAnimationFrame);
    }
    return times;
}"""


def measure(quick: bool) -> list[Row]:
    """In a real browser, and reruns in Streamlit's AppTest."""
    repetitions = 3 if quick else 20
    return [
        *_look(repetitions),
        _rerun_of_attention(repetitions),
        _rerun_of_another_text(repetitions),
        _rerun_of_unrolled(repetitions),
        _rerun_of_memory(repetitions),
        _learn_first_letter(),
        _rerun_of_lstm_cell(repetitions),
        _rerun_of_directions(repetitions),
        _rerun_of_words(repetitions),
        _learn_words(),
    ]


def _look(repetitions: int) -> list[Row]:
    """From a link to the letters, on a server that has shown them before; and what pointing takes then."""
    opening, pointing = "link to the letters of Sequences", "point at a written letter among 50 typed ones"
    try:
        with open_dashboard() as (page, address):
            _open(page, address)  # loads the networks
            opened = [seconds_of(lambda: _open(page, address)) for _ in range(repetitions)]
            page.goto(f"{address}/sequences?model=tiny-vgg&dates_text={'.' * 40}3+May+1998")
            written = page.locator(".letters[data-drawn] .written")
            written.first.wait_for(timeout=90_000)
            wait_until_idle(page, timeout=90)
            times = [time for _ in range(repetitions) for time in written.evaluate_all(_POINT)]
    except BrowserMissing as missing:
        return [Row(opening, None, "ms", note=str(missing)), Row(pointing, None, "ms", FRAME_BOUND, str(missing))]
    return [
        Row(opening, median(opened) * 1000, "ms", note=f"median of {repetitions}, a new page each time"),
        Row(pointing, median(times), "ms", FRAME_BOUND, f"script of {len(times)} drawings, Chromium without a GPU"),
    ]


def _open(page: "Page", address: str) -> None:
    page.goto("about:blank")
    page.goto(f"{address}/sequences?model=tiny-vgg", wait_until="commit")
    page.locator(".letters[data-drawn]").wait_for(timeout=90_000)


def _rerun_of_attention(repetitions: int) -> Row:
    """Another character of the same date, as after every click."""

    def go_on(app: "AppTest", repetition: int) -> None:
        app.query_params["dates_character"] = str(repetition % 10 + 1)

    return time_reruns(
        PAGE, "Sequences page, rerun of Attention", ATTENTION, go_on, repetitions, "another character each time"
    )


def _rerun_of_another_text(repetitions: int) -> Row:
    """Another date, which both networks read and write."""

    def type_date(app: "AppTest", repetition: int) -> None:
        app.text_input(key="dates_text").set_value(f"Sunday, the {repetition + 2}th of May 1998")

    return time_reruns(
        PAGE, "Sequences page, another date", ATTENTION, type_date, repetitions, "another date each time, nothing kept"
    )


def _rerun_of_unrolled(repetitions: int) -> Row:
    """Another step of networks that are trained before, with both matrices side by side."""

    def go_on(app: "AppTest", repetition: int) -> None:
        app.slider(key="unrolled_step").set_value(repetition % 11 + 1)

    address = {"model": "tiny-vgg", "part": "Unrolled", "unrolled_joined": "true"}
    return time_reruns(
        PAGE, "Sequences page, rerun of Unrolled", address, go_on, repetitions, "steps 1 to 11 in turn, trained before"
    )


def _rerun_of_memory(repetitions: int) -> Row:
    """Another bias of the gates that keep; two networks of each, 200 texts long, are kept."""

    def change(app: "AppTest", repetition: int) -> None:
        app.select_slider(key="memory_bias").set_value((2, 3)[repetition % 2])

    address = {"model": "tiny-vgg", "part": "Memory", "memory_bias": "2"}
    return time_reruns(
        PAGE, "Sequences page, rerun of Memory", address, change, repetitions, "two biases in turn, both kept"
    )


def _learn_first_letter() -> Row:
    """All that the first screen of the task trains: five networks from five seeds, n = 30."""
    networks = [Network("rnn", spread=spread, units=UNITS) for spread in (None, 1.0)]
    gated: tuple[tuple[Kind, float], ...] = (("lstm", 0.0), ("lstm", 3.0), ("gru", 3.0))
    networks += [Network(kind, bias, units=UNITS) for kind, bias in gated]
    started = perf_counter()
    for network in networks:
        for seed in range(SEEDS):
            finish(train_first_letter(Task(replace(network, seed=seed), 30)))
    note = f"five networks, {SEEDS} seeds each, n = 30; what a person waits, in slices"
    return Row("networks that say the first letter", (perf_counter() - started) * 1000, "ms", 20_000, note)


def _rerun_of_lstm_cell(repetitions: int) -> Row:
    """Forget gates held open from another step on, of a network that is trained before."""

    def hold(app: "AppTest", repetition: int) -> None:
        app.slider(key="cell_from").set_value(repetition % 10 + 1)

    address = {"model": "tiny-vgg", "part": "Memory", "memory_look": "One LSTM cell", "cell_forget": "open"}
    note = "held from steps 1 to 10 in turn, trained before"
    return time_reruns(PAGE, "Sequences page, rerun of One LSTM cell", address, hold, repetitions, note)


def _rerun_of_directions(repetitions: int) -> Row:
    """Another sentence, which three networks read once for every word of it that is left out."""

    def type_sentence(app: "AppTest", repetition: int) -> None:
        app.text_input(key="names_sentence").set_value(
            f"Washington said that {repetition + 2} rivers are long and cold."
        )

    address = {"model": "tiny-vgg", "part": "Both directions"}
    note = "another sentence each time, nothing kept"
    return time_reruns(
        PAGE, "Sequences page, another sentence for the taggers", address, type_sentence, repetitions, note
    )


def _rerun_of_words(repetitions: int) -> Row:
    """Another word of a text whose vectors are kept."""

    def look(app: "AppTest", repetition: int) -> None:
        words = app.selectbox(key="words_near").options
        app.selectbox(key="words_near").set_value(words[repetition % len(words)])

    address = {"model": "tiny-vgg", "part": "Words", "words_view": "Your own paragraph"}
    return time_reruns(PAGE, "Sequences page, rerun of Words", address, look, repetitions, "another word each time")


def _learn_words() -> Row:
    """Skip-gram on the text that stands there at first, three starts at once."""
    words = read_paragraph(OWN)
    started = process_time()
    finish(train_in_slices(words))
    note = "skip-gram, 600 steps, three starts at once; time of the processor"
    return Row("vectors of a paragraph of 407 words", (process_time() - started) * 1000, "ms", 3000, note)
