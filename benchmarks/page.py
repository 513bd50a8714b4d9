"""The Layers page: how long the server takes to show another layer, and how much it sends.

A rerun is timed in Streamlit's AppTest: the page's own script, its widgets and its caches, and on top of them the
parsing of every element that AppTest does in the browser's stead. The true time of the server is below it.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from streamlit.testing.v1 import AppTest

from benchmarks.resnet18 import NAME, resnet18_at_hand, resnet18_on
from benchmarks.results import Row
from benchmarks.timing import seconds_of
from explorer.anatomy import stages
from explorer.ui.layers.panels import compute_grid, layer_names
from explorer.ui.session.subject import Subject
from explorer.ui.shared.network import compute_overview
from explorer.ui.shared.recorded import facts_of

PAGE = Path(__file__).parents[1] / "pages" / "layers.py"
PICTURES = ("coffee", "astronaut")
DEFAULT = "efficientnet-lite0"
CHANNELS = 512  # at least; a grid shows 512 maps of a layer that has more
RERUN_BOUND = 150  # ms
GRID_BOUND = 500  # kB
OVERVIEW_BOUND = 600  # kB


def measure(quick: bool) -> list[Row]:
    """With ResNet-18 at 224 px, whose last stage has layers of 512 maps, and reruns with the default network too."""
    with resnet18_at_hand():
        rows = [*_time_reruns(resnet18_on("cat"), quick), *_weigh_pictures(PICTURES[:1] if quick else PICTURES)]
    return [*rows, *_time_reruns(replace(resnet18_on("cat"), network=DEFAULT), quick)]


def _time_reruns(subject: Subject, quick: bool) -> list[Row]:
    facts = layer_names(subject)
    layers = [name for name, layer in facts.items() if layer.channels >= CHANNELS and len(layer.shape) == 3]
    layers = layers[:3] if quick else layers[:20]
    first = next(name for name in facts if name.endswith(("conv1", "stem.conv")))
    app = AppTest.from_file(str(PAGE), default_timeout=120)
    app.query_params["model"] = subject.network
    app.query_params["layer"] = first
    _run(app)
    for layer in layers[:3]:  # to warm up
        _pick(app, "layer", layer)
    picked, unchanged = [], []
    for picture in PICTURES:
        _pick(app, "layer", first)
        _pick(
            app, "image", resnet18_on(picture).picture.label
        )  # draws the overview, which another layer of the same picture does not change
        for layer in layers:
            picked.append(_pick(app, "layer", layer))
            unchanged.append(_run(app))
    note = f"AppTest, its own parsing included; median of {len(picked)}"
    of = "" if subject.network == NAME else f" of {subject.network}"
    return [
        Row(f"page rerun when another layer of 512 maps{of} is picked", median(picked) * 1000, "ms", RERUN_BOUND, note),
        Row(f"page rerun with nothing changed{of}", median(unchanged) * 1000, "ms", note="what of it is not the layer"),
    ]


def _pick(app: AppTest, key: str, value: str) -> float:
    app.selectbox(key=key).set_value(value)
    return _run(app)


def _run(app: AppTest) -> float:
    """Seconds of one rerun.

    Raises:
        RuntimeError: the page showed an error; nothing was measured then.
    """
    seconds = seconds_of(app.run)
    if app.exception or app.error:
        raise RuntimeError(f"The page shows an error: {[*app.exception, *app.error]}")
    return seconds


def _weigh_pictures(pictures: Sequence[str]) -> list[Row]:
    grids: dict[str, int] = {}
    overviews: dict[str, int] = {}
    for picture in pictures:
        subject = resnet18_on(picture)
        facts = facts_of(subject)
        for layer in facts:
            size = len(compute_grid(subject, layer.name, "index", "each", 1).grid.png)
            grids[layer.name] = max(size, grids.get(layer.name, 0))
        for opened in ((), *((stage.key,) for stage in stages(facts) if stage.closed)):
            name = opened[0] if opened else ""
            overviews[name] = max(len(compute_overview(subject, opened).sprite), overviews.get(name, 0))
    wide = [grids[layer.name] for layer in facts if layer.channels == CHANNELS]
    closed = overviews.pop("")
    largest = max(grids, key=grids.__getitem__)
    note = "PNG, random weights"
    return [
        Row("grid of 512 maps, the largest in ResNet-18", max(wide) / 1000, "kB", GRID_BOUND, note),
        Row("grid of any layer, the largest in ResNet-18", grids[largest] / 1000, "kB", note=f"{note}; {largest}"),
        Row("overview of ResNet-18 in stages", closed / 1000, "kB", OVERVIEW_BOUND, note),
        Row("overview of ResNet-18, one stage open", max(overviews.values()) / 1000, "kB", OVERVIEW_BOUND, note),
    ]
