"""A forward pass here, and by the service that `EXPLORER_SERVE` names: alone, and eight at once."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from benchmarks.results import Row
from benchmarks.timing import compare, seconds_of
from explorer.images import open_image
from explorer.samples import read_sample
from explorer.zoo import list_shipped, load_model, served

AT_ONCE = 8


def measure(quick: bool) -> list[Row]:
    """Of the default network at its own size. No rows without `EXPLORER_SERVE`."""
    address = os.environ.get("EXPLORER_SERVE")
    if not address:
        return []
    model = load_model(list_shipped()[0])
    x = model.preprocessing.tensor(open_image(read_sample("coffee")))

    def ask(where: str, at_once: int) -> None:
        os.environ["EXPLORER_SERVE"] = where
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(model.logits, [x] * at_once))
        if where and not served.is_offered(model.network):
            raise RuntimeError(f"EXPLORER_SERVE={address} does not answer.")

    rows = []
    repetitions = 3 if quick else 60
    for at_once in (1, AT_ONCE):
        there, here = compare(
            partial(seconds_of, partial(ask, address, at_once)),
            partial(seconds_of, partial(ask, "", at_once)),
            repetitions,
            3,
        )
        what = f"forward pass of {model.name} at {x.shape[3]} px" + (
            f", each of {at_once} at once" if at_once > 1 else ""
        )
        rows += [
            Row(f"{what}, served", there * 1000 / at_once, "ms", note=f"medians of {repetitions}, in turns"),
            Row(f"{what}, here", here * 1000 / at_once, "ms"),
        ]
    return rows
