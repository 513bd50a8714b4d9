"""The parts of the Saliency page on all methods at once and on concepts, as wired together."""

import numpy as np

from explorer.saliency import FAST, METHODS, default_layer, deletion_insertion, explain, find_concepts, possible_methods
from explorer.ui.kit import slow
from explorer.ui.kit.slow import STOPPED, known
from explorer.ui.saliency.all_methods.rating import Compared, Rating
from explorer.ui.saliency.compute import Asked

from .opening import Browser, open_page, run, run_snippet, subject_of

SMALL = "tiny-vgg"


def test_all_methods_are_tested_and_sorted_and_may_be_stopped(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": SMALL, "part": "All methods"})
    subject = subject_of(app)
    possible = possible_methods(subject.model, subject.input)
    arrays = browser_side.arrays()
    gains, methods = list(arrays["gains"]), list(arrays["methods"])
    assert len(methods) == len(possible)
    assert gains == sorted(gains, reverse=True)
    assert list(app.table[0].value["Map"])[: len(possible)] == methods
    number = methods.index("Grad-CAM")
    expected = explain(subject.model, subject.input, "grad-cam")
    np.testing.assert_allclose(arrays["maps"][number], expected.values, rtol=1e-3, atol=1e-4)
    curves = deletion_insertion(subject.model, subject.input, expected.values, expected.target)
    np.testing.assert_allclose(gains[number], curves.insertion_area - curves.deletion_area, atol=1e-3)
    assert any("has not what these need: LeGrad" in each.value for each in app.caption)
    assert all(f"model, x, {name!r}" in app.code[0].value for name in possible)

    run(app.segmented_control(key="sorted_by").set_value("time"))
    seconds = list(browser_side.arrays()["seconds"])
    assert seconds == sorted(seconds)

    layer = default_layer(subject.model, subject.input)
    asked = tuple(
        Asked(subject, name, layer if METHODS[name].needs_layer else "", expected.target, None, name in FAST)
        for name in possible
    )
    tests = [Rating(each, subject, expected.target, "blur") for each in asked]
    for dropped in (asked[0], tests[1]):  # what other sessions' results may push out
        del slow._results()._values[dropped]
    run(app)
    assert sorted(browser_side.arrays()["methods"]) == sorted(methods)
    assert all(known(each) is not None for each in (*asked, *tests))

    app.session_state[STOPPED].add(Compared(asked, "grey"))  # what the button does, which is there while it works
    run(app.segmented_control(key="hidden").set_value("grey"))
    assert any("Comparing all methods was stopped" in each.value for each in app.info)
    assert not app.table
    assert known(Rating(asked[0], subject, expected.target, "grey")) is None

    run(app.segmented_control(key="hidden").set_value("blur"))
    quickened = next(each for each in asked if each.fast)
    for clicked in (quickened, asked[0]):  # a control that was not drawn before, then one that was
        label = METHODS[clicked.method].label
        run(next(each for each in app.button if each.label == f"**{label}**").click())
        assert app.segmented_control(key="part").value == "maps"
        assert app.selectbox(key="method1").value == clicked.method
        assert app.query_params.get("method1", METHODS["grad-cam"].label) in (label, [label])
        assert app.toggle(key="fast").value
        assert any(each.value.startswith(f"**{clicked.label}**") for each in app.markdown)
        run(app.segmented_control(key="part").set_value("all"))


def test_concepts_have_names_and_the_snippet_gives_them(browser_side: Browser) -> None:
    app = open_page("saliency", {"model": SMALL, "part": "Concepts", "concepts": "3"})
    subject = subject_of(app)
    expected = find_concepts(subject.model, subject.input, 3)
    np.testing.assert_allclose(browser_side.arrays()["maps"], expected.factors.maps, rtol=1e-4, atol=1e-6)
    table = app.table[0].value
    assert list(table["Concept"]) == ["1", "2", "3"]
    best = subject.model.classes[expected.best_classes(0)[0]]
    assert str(table["Speaks for"][0]).startswith(best)
    names, printed = run_snippet(app.code[0].value)
    np.testing.assert_allclose(names["maps"], expected.factors.maps, rtol=1e-4, atol=1e-6)
    assert best in printed
