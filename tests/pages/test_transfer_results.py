"""Results, quadrant and mistakes of a comparison, against the library."""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from explorer.transfer.data.splitting import split
from explorer.transfer.evaluation.comparing import compare, group_experiments
from explorer.transfer.evaluation.mistakes import confident_errors, confusion, pictures_behind
from explorer.transfer.evaluation.quadrant import judge_rule, place
from explorer.transfer.evaluation.similarity import measure_similarity
from explorer.transfer.evaluation.tables import result_rows, share_rows
from explorer.transfer.experiment import Experiment
from explorer.transfer.features import features_of
from explorer.ui.transfer import mistakes as transfer_mistakes
from explorer.zoo import load_model, random_model
from tests.pages.opening import SECONDS, Browser, run, run_snippet
from tests.transfer.making_experiments import CLASSES, make_pictures, make_seeds

MADE = [*make_seeds("head", 0.95), *make_seeds("full", 0.5), *make_seeds("head", 0.8, share=0.25)]
WICKED = ("<script>a</script>", "**b**", ":red[c]")


@lru_cache
def trained_weights() -> bytes:
    return save(random_model("tiny-vgg", num_classes=3).network.state_dict(), {"classes": '["ants", "bees", "wasps"]'})


def weights_of(experiment: Experiment) -> bytes:
    return trained_weights()


def _script() -> None:
    import streamlit as st

    from explorer.ui.transfer.mistakes import show_mistakes
    from explorer.ui.transfer.quadrant import show_quadrant
    from explorer.ui.transfer.results import show_results

    made, pictures, weights = (st.session_state[name] for name in ("made", "pictures", "weights_of"))
    if st.session_state["shown"] == "results":
        show_results(made, pictures.title)
    elif st.session_state["shown"] == "quadrant":
        show_quadrant(made, pictures)
    else:
        show_mistakes(made, pictures, weights)


def open_part(
    shown: str, made: list[Experiment] | None = None, address: dict[str, str] | None = None, **more: Any
) -> AppTest:
    app = AppTest.from_function(_script, default_timeout=SECONDS)
    for key, value in (address or {}).items():
        app.query_params[key] = value
    state = {"shown": shown, "made": MADE if made is None else made, "pictures": make_pictures()}
    for key, value in {**state, "weights_of": weights_of, **more}.items():
        app.session_state[key] = value
    return run(app)


@pytest.fixture(autouse=True)
def caches() -> Iterator[None]:
    yield
    st.cache_data.clear()


def markdown_of(app: AppTest) -> list[str]:
    return [each.value for each in app.markdown]


def run_beside(app: AppTest, name: str, npz: bytes, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    (tmp_path / name).write_bytes(npz)
    monkeypatch.chdir(tmp_path)
    return run_snippet(app.code[0].value)[0]


def test_the_verdict_the_table_and_the_files(
    browser_side: Browser, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_part("results")
    groups = group_experiments(MADE)
    verdict = compare([group for group in groups if group.share == 1.0])
    assert verdict.winner is not None
    assert markdown_of(app)[0] == verdict.sentence
    rows = result_rows(verdict)
    assert app.table[0].value.to_dict("records") == rows
    assert rows[0]["strategy"] == "New head, frozen backbone"
    assert rows[0]["accuracy"] == f"{100 * verdict.winner.mean:.1f} ± {100 * verdict.winner.deviation:.1f} %"
    label, make, name = browser_side.downloads["report-csv"]
    assert (label, name) == ("Table (CSV)", "transfer.csv")
    assert len(list(csv.DictReader(io.StringIO(make())))) == len(MADE) + len(groups)
    html = browser_side.downloads["report-html"][1]()
    assert "Toy insects" in html
    assert html.count('class="plotly-graph-div"') == 2  # accuracies, learning curves
    assert "<script src" not in html
    npz = browser_side.downloads["report-npz"][1]()
    names = run_beside(app, "answers.npz", npz, tmp_path, monkeypatch)
    assert set(names["intervals"]) == {group.key for group in groups}
    for group in groups:
        assert names["intervals"][group.key] == pytest.approx(group.interval)


def test_another_share_is_another_verdict(browser_side: Browser) -> None:
    app = open_part("results", address={"result_share": "25 %"})
    assert "nothing to compare" in markdown_of(app)[0]
    run(app.button_group(key="result_share").set_value("100 %"))
    assert "is best" in markdown_of(app)[0]
    assert "is best" in markdown_of(open_part("results", address={"result_share": "7 %"}))[0]


@pytest.mark.parametrize("shown", ["results", "quadrant", "mistakes"])
def test_nothing_measured_is_said_once(shown: str, browser_side: Browser) -> None:
    app = open_part(shown, [])
    assert [each.value for each in app.info] == ["Nothing has been measured on the test pictures yet."]
    assert not app.table
    assert not browser_side.downloads


def test_trainings_of_two_splits_are_refused_in_one_sentence(browser_side: Browser) -> None:
    other = make_seeds("full", 0.5, tested=30)
    app = open_part("results", [*make_seeds("head", 0.5), *other])
    assert [each.value for each in app.error] == [
        "These trainings were not tested on the same pictures, so they cannot be compared."
    ]


def test_the_situation_is_that_of_the_library(
    browser_side: Browser, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_part("quadrant")
    pictures = make_pictures()
    training = split(pictures.labels, 0).training
    found = measure_similarity(features_of(load_model("tiny-vgg"), pictures, training), pictures.labels[training])
    groups = group_experiments(MADE)
    whole = [group for group in groups if group.share == 1.0]
    quadrant = place(whole[0].training, 3, found.separation)
    told = markdown_of(app)
    assert f"this is **{quadrant.name}**" in told[0]
    assert told[1] == judge_rule(quadrant, compare(whole))
    assert [metric.value for metric in app.metric] == [
        f"{100 * found.probe:.1f} %",
        f"{100 * found.neighbours:.1f} %",
        f"{found.cka:.2f}",
    ]
    few = [group for group in groups if group.share == 0.25]
    assert app.table[0].value.to_dict("records") == share_rows([compare(whole), compare(few)], 3, found)
    npz = browser_side.downloads["quadrant-npz"][1]()
    names = run_beside(app, "features.npz", npz, tmp_path, monkeypatch)
    assert names["similarity"].probe == pytest.approx(found.probe)
    assert names["similarity"].cka == pytest.approx(found.cka, rel=1e-4)


def test_one_share_has_no_learning_curve(browser_side: Browser) -> None:
    app = open_part("quadrant", make_seeds("head", 0.9))
    assert not app.table
    assert any("smaller shares" in each.value for each in app.caption)


def test_a_cell_and_the_pictures_behind_it(
    browser_side: Browser, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_part(
        "mistakes", address={"mistakes_of": "Full fine-tuning", "true_class": "ants", "told_class": "wasps"}
    )
    trained = group_experiments(MADE)[1].experiments
    assert trained[0].trial.strategy == "full"
    counts = confusion(trained)
    behind = pictures_behind(trained, 0, 2)
    texts = [each.value for each in app.text]
    assert texts[0] == f"“ants” predicted as “wasps”: {len(behind)} pictures"
    assert f"{np.trace(counts)} of 180 answers are right, summed over 3 seeds" in app.caption[0].value
    grid = browser_side.downloads["mistakes-offer-png"][1]
    with Image.open(io.BytesIO(grid)) as png:
        rows = -(-min(len(behind), 24) // 8)
        assert png.size == (min(8, len(behind)) * 126 - 6, rows * 126 - 6)
    names = run_beside(app, "mistakes.npz", browser_side.downloads["mistakes-offer-npz"][1](), tmp_path, monkeypatch)
    assert (names["confusion"] == counts).all()
    assert names["answers"]["places"][names["seed"], names["picture"]] == confident_errors(trained)[0].place
    assert names["answers"]["behind"].tolist() == [each.place for each in behind]


def test_the_surest_errors_have_their_heatmaps(browser_side: Browser) -> None:
    app = open_part("mistakes", address={"mistakes_of": "Full fine-tuning"})
    trained = group_experiments(MADE)[1].experiments
    errors = confident_errors(trained, 10)
    texts = [each.value for each in app.text][1:]
    assert len(texts) == len(errors) == 10
    for text, error in zip(texts, errors, strict=True):
        assert text.startswith(f"{CLASSES[error.true]}, predicted as {CLASSES[error.predicted]}: ")
        assert text.endswith(f"picture {error.place}.png")
    first = errors[0]
    drawn = transfer_mistakes.compute_error(
        "key", "training", first.place, first.predicted, trained[0], make_pictures(), weights_of
    )
    assert drawn.glow is not None
    assert drawn.glow != drawn.seen
    with Image.open(io.BytesIO(drawn.glow)) as png:
        assert png.size == (320, 320)


def test_one_seed_alone(browser_side: Browser) -> None:
    app = open_part("mistakes", address={"mistakes_of": "Full fine-tuning", "mistakes_seed": "Seed 2"})
    trained = group_experiments(MADE)[1].experiments[2]
    assert f"{trained.right.sum()} of 60 answers are right." in app.caption[0].value
    run(app.button_group(key="mistakes_seed").set_value("All together"))
    assert "summed over 3 seeds" in app.caption[0].value


def test_no_errors_and_empty_cells_are_said(browser_side: Browser) -> None:
    app = open_part("mistakes", make_seeds("head", 1.0, seeds=1), address={"true_class": "ants", "told_class": "bees"})
    assert [each.value for each in app.text] == ["No picture of “ants” was predicted as “bees”."]
    assert [each.value for each in app.success] == ["Every test picture was classified correctly."]


def test_weights_that_are_gone_lose_only_the_heatmaps(browser_side: Browser) -> None:
    def gone(experiment: Experiment) -> bytes:
        raise FileNotFoundError("These weights belong to another job.")

    app = open_part("mistakes", weights_of=gone)
    assert any("cannot be opened any more" in each.value for each in app.caption)
    assert len(app.text) > 1


def test_other_pictures_are_noticed(browser_side: Browser) -> None:
    app = open_part("mistakes", pictures=make_pictures(60))
    assert [each.value for each in app.warning] == ["These trainings were made on other pictures."]


def test_a_click_names_the_cell(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"chart-confusion": {"selection": {"points": [{"customdata": [2, 0]}]}}}
    monkeypatch.setattr(transfer_mistakes, "st", SimpleNamespace(session_state=state))
    transfer_mistakes.take_click(CLASSES)
    assert (state["true_class"], state["told_class"]) == ("wasps", "ants")
    state["chart-confusion"]["selection"]["points"] = []
    transfer_mistakes.take_click(CLASSES)
    assert (state["true_class"], state["told_class"]) == ("wasps", "ants")


def test_names_of_strangers_stay_out_of_markdown(browser_side: Browser) -> None:
    made = [*make_seeds("head", 0.6, classes=WICKED), *make_seeds("full", 0.5, classes=WICKED)]
    for shown in ("results", "mistakes"):
        app = open_part(shown, made, pictures=make_pictures(classes=WICKED))
        for name in WICKED:
            assert not any(name in each.value for each in (*app.markdown, *app.caption))
