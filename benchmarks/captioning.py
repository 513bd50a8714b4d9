"""Captions: what writing costs over looking, and what a batch saves."""

from functools import partial
from pathlib import Path
from statistics import median

import torch
from streamlit.testing.v1 import AppTest

from benchmarks.results import Row
from benchmarks.timing import compare, seconds_of
from explorer.captioning import load_captioner
from explorer.captioning.search import beam_search
from explorer.images import open_image
from explorer.samples import SAMPLES, read_sample

WRITING_BOUND = 5.0  # times the encoder's bare forward pass
BATCH_BOUND = 0.25  # of the time of one by one
PHOTOS = 32
PAGE = Path(__file__).parents[1] / "pages" / "captions.py"


def measure(quick: bool) -> list[Row]:
    """The shipped captioner on the CPU."""
    captioner = load_captioner(device="cpu")
    x = captioner.tensor(open_image(read_sample("coffee")))
    a = captioner.look(x)

    def bare() -> None:
        with torch.inference_mode():
            captioner.encoder(x)

    def write() -> None:
        beam_search(captioner.decoder, a, 3)

    repetitions = 3 if quick else 60
    written, looked = compare(partial(seconds_of, write), partial(seconds_of, bare), repetitions, warm_up=3)
    note = (
        f"{len(captioner.describe(open_image(read_sample('coffee'))).words)} words; medians of {repetitions}, in turns"
    )
    rows = [
        Row("beam search of 3, over the encoder's bare forward pass", written / looked, "x", WRITING_BOUND, note),
        Row("beam search of 3", written * 1000, "ms"),
        Row("bare forward pass of the captioner's encoder", looked * 1000, "ms"),
    ]
    images = [open_image(read_sample(sample.name)) for sample in SAMPLES]
    photos = [images[number % len(images)] for number in range(4 if quick else PHOTOS)]

    def together() -> None:
        captioner.describe_all(photos)

    def one_by_one() -> None:
        for photo in photos:
            captioner.describe(photo)

    repetitions = 1 if quick else 7
    batch, single = compare(partial(seconds_of, together), partial(seconds_of, one_by_one), repetitions, warm_up=1)
    note = f"beam 3, {len(images)} sample photos in turn, preprocessing included; medians of {repetitions}, in turns"
    rows += [
        Row(f"describe {len(photos)} photos in a batch, over one by one", batch / single, "x", BATCH_BOUND, note),
        Row(f"describe {len(photos)} photos in a batch", batch, "s"),
        Row(f"describe {len(photos)} photos one by one", single, "s"),
        _rerun(repetitions=2 if quick else 20),
    ]
    return rows


def _rerun(repetitions: int) -> Row:
    """The page when another beam width is chosen whose sentence is known."""
    app = AppTest.from_file(str(PAGE), default_timeout=300).run()
    seconds = []
    for turn in range(repetitions + 2):
        app.select_slider(key="beam").set_value(3 + turn % 2)
        seconds.append(seconds_of(app.run))
        if app.exception or app.error:
            raise RuntimeError(f"The page shows an error: {[*app.exception, *app.error]}")
    note = f"AppTest, its own parsing included; median of {repetitions}"
    return Row("Captions page, rerun with another beam width", median(seconds[2:]) * 1000, "ms", note=note)
