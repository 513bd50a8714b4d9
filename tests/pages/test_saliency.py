"""Heatmaps, their test and the parameter randomization test: every control, against the library called directly."""

from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.rendering import decode_png
from explorer.saliency import (
    FAST,
    METHODS,
    centred_blob,
    default_layer,
    deletion_insertion,
    explain,
    explain_randomized,
    layers_for,
    masked_confidence,
    random_map,
    weighted_layers,
)
from explorer.saliency.fast_mode import read_measured
from explorer.saliency.parameter_randomization import correlation, judge_randomization, steps_of
from explorer.samples import SAMPLES
from explorer.ui.components import NetworkClick
from explorer.ui.kit.slow import STOPPED
from explorer.ui.saliency import compute as saliency_compute
from explorer.ui.saliency.choices import AS_ABOVE, BEST, LAST, NOBODY
from explorer.ui.session.subject import Subject
from explorer.zoo import list_shipped
from tests.pages.opening import Browser, open_page, run, run_snippet, subject_of, texts_of

SMALL = "tiny-vgg"
QUICK = {"method1": "Grad-CAM", "method2": "Layer-CAM", "method3": "Saliency"}
RANDOM = {"part": "Random weights"}


def open_saliency(address: dict[str, str] | None = None) -> AppTest:
    return open_page("saliency", {"model": SMALL, **QUICK, **(address or {})})


def best_of(subject: Subject) -> list[int]:
    with torch.inference_mode():
        return subject.model.network(subject.input)[0].topk(5).indices.tolist()


@pytest.mark.parametrize("name", list_shipped())
def test_it_works_at_once(name: str, browser_side: Browser) -> None:
    app = open_page("saliency", {"model": name, "panels": "1"})
    assert not app.error
    subject = subject_of(app)
    (array,) = browser_side.arrays().values()
    expected = explain(subject.model, subject.input, "grad-cam")
    np.testing.assert_allclose(array, expected.values, rtol=1e-4, atol=1e-5)
    assert f"**Grad-CAM**, {subject.model.classes[expected.target]}: " in texts_of(app)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_its_panel(method: str, browser_side: Browser) -> None:
    app = open_saliency({"panels": "1", **({"model": "photo-vit"} if method == "legrad" else {})})
    run(app.selectbox(key="method1").select(method))
    subject = subject_of(app)
    expected = explain(subject.model, subject.input, method)
    (array,) = browser_side.arrays().values()
    np.testing.assert_allclose(array, expected.values, rtol=1e-3, atol=1e-4)
    assert f"**{METHODS[method].label}**" in texts_of(app)


def test_the_class_and_what_it_is_set_against(browser_side: Browser) -> None:
    app = open_saliency({"panels": "1"})
    subject = subject_of(app)
    labels, best = list(subject.model.classes), best_of(subject)
    options = app.selectbox(key="class").options
    assert options[:6] == [BEST, *(labels[index] for index in best)]
    assert sorted(options[1:]) == sorted(labels)
    assert labels[best[0]] not in app.selectbox(key="against").options
    run(app.selectbox(key="class").select(labels[best[2]]))
    run(app.selectbox(key="against").select(labels[best[1]]))
    (array,) = browser_side.arrays().values()
    expected = explain(subject.model, subject.input, "grad-cam", best[2], contrast=best[1])
    np.testing.assert_allclose(array, expected.values, rtol=1e-4, atol=1e-5)
    assert f"{labels[best[2]]} rather than {labels[best[1]]}" in texts_of(app)
    # Choosing the rival as the class takes it off the list of rivals.
    run(app.selectbox(key="class").select(labels[best[1]]))
    assert app.selectbox(key="against").value == NOBODY


def test_a_panel_can_have_its_own_layer_and_class(browser_side: Browser) -> None:
    app = open_saliency({"panels": "2"})
    subject = subject_of(app)
    layers = [facts.name for facts in layers_for(subject.model, subject.input)]
    best = best_of(subject)
    assert app.selectbox(key="layer2").options == [AS_ABOVE, *layers]
    run(app.selectbox(key="layer2").select(layers[0]))
    run(app.selectbox(key="class2").select(subject.model.classes[best[1]]))
    run(app.selectbox(key="against2").select(subject.model.classes[best[0]]))
    first, second = browser_side.arrays().values()
    np.testing.assert_allclose(first, explain(subject.model, subject.input, "grad-cam").values, atol=1e-5)
    expected = explain(subject.model, subject.input, "layer-cam", best[1], layers[0], contrast=best[0])
    np.testing.assert_allclose(second, expected.values, rtol=1e-4, atol=1e-5)
    assert f"**Layer-CAM** at `{layers[0]}`" in texts_of(app)


def test_the_layer_is_chosen_from_the_list_or_on_the_network(browser_side: Browser) -> None:
    app = open_saliency({"panels": "1"})
    subject = subject_of(app)
    layers = [facts.name for facts in layers_for(subject.model, subject.input)]
    assert app.selectbox(key="layer").options == [LAST, *layers]
    assert default_layer(subject.model, subject.input) in texts_of(app)
    assert not browser_side.networks  # which is not drawn where nobody sees it
    app.session_state["layer_on_network"] = True
    browser_side.clicks["saliency-network"] = NetworkClick(layers[3], None, "select")
    run(app)
    assert app.selectbox(key="layer").value == layers[3]
    (array,) = browser_side.arrays().values()
    expected = explain(subject.model, subject.input, "grad-cam", layer=layers[3])
    np.testing.assert_allclose(array, expected.values, rtol=1e-4, atol=1e-5)


def test_a_click_on_the_photo_or_the_classes_chooses_no_layer(browser_side: Browser) -> None:
    app = open_saliency({"panels": "1"})
    app.session_state["layer_on_network"] = True
    for column in ("input", "classifier"):
        browser_side.clicks["saliency-network"] = NetworkClick(column, None, "select")
        run(app)
        assert "saliency-network" in browser_side.networks
        assert app.selectbox(key="layer").value == LAST


def test_looks(browser_side: Browser) -> None:
    app = open_saliency({"panels": "3"})
    grids = {}
    for key, value in (
        ("look", "alone"),
        ("look", "over"),
        ("scale", "shared"),
        ("scale", "each"),
        ("contour", True),
        ("opacity", 20),
    ):
        if key == "contour":
            app.toggle(key=key).set_value(value)
        elif key == "opacity":
            app.slider(key=key).set_value(value)
        else:
            app.segmented_control(key=key).set_value(value)
        run(app)
        grids[key, value] = decode_png(browser_side.downloads["offer-png"][1]())
    shapes = {grid.shape for grid in grids.values()}
    assert shapes == {(384, 3 * 384 + 16, 3)}
    over = grids["look", "over"]
    assert (over != grids["look", "alone"]).any()
    assert (over == grids["scale", "shared"]).all()  # three methods, three scales
    changed = (grids["contour", True] != over).any(axis=2)
    assert changed[:, : 2 * 392].any()
    assert not changed[:, 2 * 392 :].any()  # attributions to pixels have none
    assert "no contour" in texts_of(app)


def test_one_scale_for_maps_of_one_method(browser_side: Browser) -> None:
    app = open_saliency({"panels": "2", "method2": "Grad-CAM"})
    subject = subject_of(app)
    last = subject.model.classes[best_of(subject)[4]]
    run(app.selectbox(key="class2").select(last))
    own = decode_png(browser_side.downloads["offer-png"][1]())
    run(app.segmented_control(key="scale").set_value("shared"))
    shared = decode_png(browser_side.downloads["offer-png"][1]())
    first, second = browser_side.arrays().values()
    weaker = np.s_[:, :384] if first.max() < second.max() else np.s_[:, 392:]
    assert first.max() != second.max()
    assert shared[weaker].mean() < own[weaker].mean()
    assert (shared != own).any(axis=2).mean() < 0.55  # the other one stays


def test_the_snippet_gives_the_same_heatmaps(browser_side: Browser) -> None:
    app = open_saliency({"panels": "3", "method2": "Occlusion", "method3": "SS-CAM", "fast": "true"})
    names, printed = run_snippet(app.code[0].value)
    for heatmap, array in zip(names["heatmaps"], browser_side.arrays().values(), strict=True):
        np.testing.assert_allclose(heatmap.values, array, rtol=1e-3, atol=1e-4)
    assert "occlusion" in printed
    assert read_measured().keys() == set(FAST)
    assert f"**SS-CAM, fast mode**: {read_measured()['ss-cam'].describe()}." in texts_of(app)


def test_a_method_that_cannot_work_is_offered_only_where_a_link_names_it(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": "photo-vit", "panels": "2", "method1": "CAM"})
    assert sum("CAM needs a single dense layer" in each.value for each in app.info) == 1
    assert "CAM" in app.selectbox(key="method1").options
    assert "CAM" not in app.selectbox(key="method2").options


def test_three_quick_methods_at_first(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": SMALL, "panels": "3"})
    first = [app.selectbox(key=f"method{number}").value for number in (1, 2, 3)]
    assert len(set(first)) == 3
    assert not any(METHODS[name].slow for name in first)


def test_what_cannot_be_is_said_and_the_others_stay(browser_side: Browser) -> None:
    app = open_saliency({"panels": "3", "method2": "CAM", "layer": "features.relu1_1"})
    assert sum("CAM reads the weights" in each.value for each in app.info) == 1
    assert len(browser_side.arrays()) == 2


def test_a_stopped_method_waits_until_it_may_go_on(browser_side: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_saliency({"panels": "2"})
    before = saliency_compute.Asked.compute
    computed: list[str] = []

    def watch(asked: saliency_compute.Asked, progress: Any = None) -> Any:
        computed.append(asked.method)
        return before(asked, progress)

    monkeypatch.setattr(saliency_compute.Asked, "compute", watch)
    label = SAMPLES[1].title  # nothing is known of this one
    app.selectbox(key="image").select(label)
    app.selectbox(key="method2").select("integrated-gradients")
    subject = subject_of(run(app))
    assert computed == ["grad-cam", "integrated-gradients"]
    asked = saliency_compute.Asked(subject, "smoothgrad", "", best_of(subject)[0])
    app.session_state[STOPPED].add(asked)  # what the button does, which is there only while it works
    run(app.selectbox(key="method2").select("smoothgrad"))
    assert any("SmoothGrad was stopped" in each.value for each in app.info)
    assert "smoothgrad" not in computed
    run(app.button(key="panel2-go-on").click())
    assert computed[-1] == "smoothgrad"
    assert not any("stopped" in each.value for each in app.info)


def test_a_diagnosis_stands_under_its_map(browser_side: Browser) -> None:
    app = open_saliency({"panels": "1"})
    subject = subject_of(app)
    told = {index: explain(subject.model, subject.input, "grad-cam", index).diagnosis for index in range(10)}
    index, expected = next((index, text) for index, text in told.items() if text)
    run(app.selectbox(key="class").select(subject.model.classes[index]))
    assert expected in [each.value for each in app.warning]


def test_the_test_of_the_heatmaps(browser_side: Browser) -> None:
    app = open_saliency({"panels": "2"})
    assert not app.table
    run(app.toggle(key="test").set_value(True))
    subject = subject_of(app)
    x, target = subject.input, best_of(subject)[0]
    maps = {
        "1 Grad-CAM": explain(subject.model, x, "grad-cam").values,
        "2 Layer-CAM": explain(subject.model, x, "layer-cam").values,
        "Random map": random_map((32, 32), cells=8),
        "Blob in the middle": centred_blob((32, 32)),
    }
    for baseline in ("blur", "black", "grey"):
        run(app.segmented_control(key="hidden").set_value(baseline))
        table = app.table[0].value.set_index("Map")
        assert set(table.index) == set(maps)
        for name, values in maps.items():
            curves = deletion_insertion(subject.model, x, values, target, baseline=baseline)
            assert float(table.loc[name, "Deletion"]) == pytest.approx(curves.deletion_area, abs=2e-3)
            assert float(table.loc[name, "Insertion"]) == pytest.approx(curves.insertion_area, abs=2e-3)
            assert table.loc[name, "Rise"] == (
                "yes" if masked_confidence(subject.model, x, values, target).increased else "no"
            )
        gains = table["Gain"].astype(float).tolist()
        assert gains == sorted(gains, reverse=True)
    best = next(name for name in table.index if name in ("1 Grad-CAM", "2 Layer-CAM"))
    assert f"**{best}**" in texts_of(app) or "no heatmap does better" in texts_of(app)
    arrays = browser_side.arrays("faithfulness")
    assert arrays["names"].tolist() == list(maps)
    _, printed = run_snippet(app.code[1].value)
    areas = [float(line.split()[1]) for line in printed.splitlines()]
    assert areas == pytest.approx(
        [float(table.loc[name, "Deletion"]) for name in ("1 Grad-CAM", "2 Layer-CAM")], abs=2e-3
    )


def test_the_control_forgets_from_the_top(browser_side: Browser) -> None:
    app = open_saliency({**RANDOM, "control": "Layer-CAM"})
    subject = subject_of(app)
    x, target = subject.input, best_of(subject)[0]
    counts = steps_of(len(weighted_layers(subject.model, x)))
    arrays = browser_side.arrays()
    assert list(arrays) == [f"redrawn{count}" for count in counts]
    first = explain(subject.model, x, "layer-cam", target)
    np.testing.assert_allclose(arrays["redrawn0"], first.values, rtol=1e-4, atol=1e-5)
    for count in counts[1:]:
        drawn = explain_randomized(subject.model, x, "layer-cam", target, layers=count)
        np.testing.assert_allclose(arrays[f"redrawn{count}"], drawn.values, rtol=1e-3, atol=1e-5)
    assert judge_randomization("Layer-CAM", correlation(first, drawn)) in texts_of(app)
    names, _ = run_snippet(app.code[0].value)
    for heatmap, array in zip(names["heatmaps"], arrays.values(), strict=True):
        np.testing.assert_allclose(heatmap.values, array, rtol=1e-3, atol=1e-5)
    run(app.selectbox(key="control").select("saliency"))
    assert "**Saliency**" in texts_of(app)
    assert len(browser_side.arrays()) == len(counts)
