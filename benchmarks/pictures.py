"""The Pictures page: 2,000 photographs on a map within its 30 s, t-SNE of them, and a rerun for another layer."""

import io
import time
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.results import Row
from benchmarks.timing import time_reruns
from tests.browser.serving import ROOT

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from explorer.picture_features.album import Album

PAGE = ROOT / "pages" / "pictures.py"
NETWORK = "efficientnet-lite0"
SECONDS = 30


def measure(quick: bool) -> list[Row]:
    """Features, PCA and t-SNE of as many pictures as a map holds, and a rerun in Streamlit's AppTest."""
    count = 32 if quick else 2000
    return [*_lay_out(count), _rerun(3 if quick else 20)]


def _lay_out(count: int) -> list[Row]:
    import torch

    from explorer.anatomy import summarize_layers
    from explorer.picture_features.features import choose_side, read_features, spread_layers
    from explorer.picture_features.planes import project_by_pca, project_by_tsne
    from explorer.slices import finish
    from explorer.zoo import load_model

    model = load_model(NETWORK, "cpu")
    side = choose_side(count, model.preprocessing.size)
    model = model.with_preprocessing(model.preprocessing.with_size(side))
    layers = spread_layers(summarize_layers(model, torch.zeros(1, 3, side, side)))
    album = _make_album(count)
    started = time.perf_counter()
    features = finish(read_features(model, album, layers, seconds=SECONDS))
    read = time.perf_counter() - started
    rows = features.layers[layers[-1]]
    started = time.perf_counter()
    project_by_pca(rows)
    principal = time.perf_counter() - started
    started = time.perf_counter()
    finish(project_by_tsne(rows))
    what = f"of {count:,} pictures"
    note = f"{NETWORK} at {side} px, 512 x 384 JPEG files; {len(features.places):,} of {count:,} reached"
    return [
        Row(f"Pictures page, features {what}", read, "s", SECONDS + 2, note),
        Row(f"Pictures page, PCA {what}", principal, "s", 2),
        Row(f"Pictures page, t-SNE {what}", time.perf_counter() - started, "s", SECONDS),
    ]


def _make_album(count: int) -> "Album":
    """Coarse colours, drawn at random."""
    from explorer.picture_features.album import gather_album

    random = np.random.default_rng(0)
    pictures = []
    for number in range(count):
        coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(coarse).resize((512, 384), Image.Resampling.BICUBIC).save(buffer, "JPEG")
        pictures.append((f"{number}.jpg", Image.open(buffer)))
    return gather_album("random", pictures)


def _rerun(repetitions: int) -> Row:
    """Another layer each time, of features that were read before."""

    def change(app: "AppTest", repetition: int) -> None:
        slider = app.select_slider(key="by")
        slider.set_value(slider.options[repetition % len(slider.options)])

    address = {"model": "tiny-vgg", "of": "Shapes on textured grounds"}
    return time_reruns(
        PAGE, "Pictures page, rerun by another layer", address, change, repetitions, "another layer each time"
    )
