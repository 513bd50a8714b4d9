"""The Augmentation page: the pipeline and single transforms, every control against the library called directly."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explorer.augmentation import CATALOGUE, EXAMPLE, GROUPS, MOST_STEPS, Pipeline, Step
from explorer.rendering import decode_png
from explorer.ui.augmentation.compute import SIDE
from explorer.ui.session.pipeline import MOST_IN_ADDRESS, Row
from explorer.ui.session.subject import Subject
from tests.pages.opening import Browser, open_page, run, run_snippet, subject_of, texts_of

SMALL = "tiny-vgg"


def open_augmentation(address: dict[str, str] | None = None) -> AppTest:
    return open_page("augmentation", {"model": SMALL, **(address or {})})


def open_with(*steps: Step, **address: str) -> AppTest:
    return open_augmentation({"pipeline": Pipeline(steps).compact(), **address})


def pipeline_of(app: AppTest) -> Pipeline:
    return Pipeline(tuple(row.step for row in rows_of(app)))


def rows_of(app: AppTest) -> tuple[Row, ...]:
    return app.session_state["augmentation_rows"]


def square(subject: Subject) -> Image.Image:
    return subject.model.preprocessing.with_size(SIDE).fitted(subject.picture.intake.image)


def test_it_works_at_once_and_gives_what_the_library_gives(browser_side: Browser) -> None:
    app = open_augmentation({"seed": "7"})
    assert not app.error
    assert pipeline_of(app) == EXAMPLE
    assert "pipeline" not in app.query_params  # the example needs no naming
    subject = subject_of(app)
    expected = EXAMPLE.draw_many(square(subject), 16, 7)
    arrays = browser_side.arrays("draws-offer")
    for number, draw in enumerate(expected, 1):
        assert (arrays[f"draw{number}"] == np.asarray(draw.image)).all()
    fired = [[step.fired for step in draw.steps] for draw in expected]
    assert arrays["fired"].tolist() == fired
    grid = browser_side.grids["draws"]
    assert grid["cells"].count == 16
    assert grid["labels"][4] == f"draw 5: {expected[4].description}"
    assert "Random rotation" in grid["alt"]
    description = texts_of(app)
    for place, step in enumerate(EXAMPLE.steps):
        assert f"{CATALOGUE[step.transform].title} {sum(row[place] for row in fired)}" in description
    picture = decode_png(browser_side.downloads["draws-offer-png"][1]())
    assert picture.shape[:2] == (4 * SIDE + 18, 4 * SIDE + 18)
    assert (picture[:SIDE, :SIDE] == np.asarray(expected[0].image)).all()
    record = json.loads(browser_side.downloads["draws-offer-json"][1]())
    assert [each["seed"] for each in record] == list(range(7, 23))


def test_snippets_give_the_same_pictures(browser_side: Browser, tmp_path: Any) -> None:
    app = open_with(Step("RandomRotation"), Step("GaussianNoise", probability=0.5), seed="3")
    arrays = browser_side.arrays("draws-offer")
    names, printed = run_snippet(app.code[0].value)
    for number, draw in enumerate(names["draws"], 1):
        assert (np.asarray(draw.image) == arrays[f"draw{number}"]).all()
    assert "Random rotation" in printed
    # The other snippet needs torchvision alone; its picture is a file.
    square(subject_of(app)).save(tmp_path / "photo.png")
    code = app.code[1].value.replace("photo.jpg", str(tmp_path / "photo.png"))
    assert "explorer" not in code
    drawn = run_snippet(code)[0]["drawn"]
    assert (np.asarray(drawn) == arrays["draw1"]).all()


def test_one_draw_is_chosen_by_slider_and_by_click(browser_side: Browser) -> None:
    app = open_augmentation({"draw": "4"})
    expected = EXAMPLE.draw_many(square(subject_of(app)), 16, 0)
    assert browser_side.grids["draws"]["selected"] == 3
    assert f"1. {expected[3].steps[0].description}" in texts_of(app)
    browser_side.clicks["draws"] = 9
    run(app)
    assert app.select_slider(key="draw").value == 10
    assert browser_side.grids["draws"]["selected"] == 9
    assert f"3. {expected[9].steps[2].description}" in texts_of(app)


def test_draw_again_takes_the_next_sixteen_seeds(browser_side: Browser) -> None:
    app = open_augmentation()
    run(app.button(key="draw_again").click())
    assert app.number_input(key="seed").value == 16
    assert browser_side.arrays("draws-offer")["seeds"].tolist() == list(range(16, 32))


def test_steps_are_added_moved_and_removed_with_their_values(browser_side: Browser) -> None:
    app = open_with(Step("RandomRotation", {"degrees": (5.0, 10.0)}, 0.3), Step("GaussianBlur"))
    first, second = (row.number for row in rows_of(app))
    app.slider(key=f"step{first}-probability").set_value(65)
    run(app.slider(key=f"step{first}-degrees").set_value((-40.0, 20.0)))
    turned = Step("RandomRotation", {"degrees": (-40.0, 20.0)}, 0.65)
    assert pipeline_of(app).steps[0] == turned
    run(app.button(key=f"step{first}-down").click())
    assert [row.number for row in rows_of(app)] == [second, first]
    assert pipeline_of(app) == Pipeline((Step("GaussianBlur"), turned))
    assert app.slider(key=f"step{first}-degrees").value == (-40.0, 20.0)
    run(app.button(key=f"step{first}-up").click())
    assert pipeline_of(app).steps[0] == turned
    assert app.button(key=f"step{first}-up").disabled
    app.selectbox(key="add_transform").select("RandomSolarize")
    run(app.button(key="add_step").click())
    assert pipeline_of(app).steps[-1] == Step("RandomSolarize")
    run(app.button(key=f"step{second}-remove").click())
    assert "GaussianBlur" not in [step.transform for step in pipeline_of(app).steps]
    named = app.query_params["pipeline"]
    assert Pipeline.from_json(named if isinstance(named, str) else named[0]) == pipeline_of(app)


@pytest.mark.parametrize("group", GROUPS)
def test_every_transform_has_its_controls(group: str, browser_side: Browser) -> None:
    steps = [Step(name) for name, known in CATALOGUE.items() if known.group == group]
    app = open_with(*steps)
    assert pipeline_of(app) == Pipeline(tuple(steps))  # the controls begin with the values and change none of them
    kinds = ("slider", "number_input", "toggle", "selectbox", "color_picker")
    keys = {str(each.key) for kind in kinds for each in app.get(kind)}
    for row in rows_of(app):
        known = CATALOGUE[row.step.transform]
        for parameter in known.parameters:
            assert any(key.startswith(f"step{row.number}-{parameter.name}") for key in keys), parameter.name
        assert known.documentation in texts_of(app)


def test_kinds_of_controls_change_their_parameter(browser_side: Browser) -> None:
    app = open_with(Step("RandomAffine"), Step("RandomCrop"), Step("JPEG"))
    affine, crop, jpeg = (f"step{row.number}" for row in rows_of(app))
    app.slider(key=f"{affine}-translate-0").set_value(0.25)
    app.selectbox(key=f"{affine}-interpolation").select("bicubic")
    app.color_picker(key=f"{affine}-fill").set_value("#10ff03")
    app.toggle(key=f"{affine}-scale-on").set_value(False)
    app.toggle(key=f"{affine}-shear-on").set_value(True)
    app.number_input(key=f"{crop}-size").set_value(96)
    app.toggle(key=f"{crop}-pad_if_needed").set_value(True)
    app.slider(key=f"{jpeg}-quality").set_value((5, 30))
    run(app)
    run(app.slider(key=f"{affine}-shear").set_value((-10.0, 12.0)))
    first, second, third = pipeline_of(app).steps
    changes = {"translate": (0.25, 0.1), "interpolation": "bicubic", "fill": (16, 255, 3), "scale": None}
    assert first == Step("RandomAffine").with_parameters(**changes, shear=(-10.0, 12.0))
    assert second == Step("RandomCrop").with_parameters(size=96, pad_if_needed=True)
    assert third == Step("JPEG").with_parameters(quality=(5, 30))


def test_values_that_do_not_go_together_are_refused_in_words(browser_side: Browser) -> None:
    app = open_with(Step("RandAugment"))
    (row,) = rows_of(app)
    run(app.slider(key=f"step{row.number}-magnitude").set_value(50))
    assert "magnitude of RandAugment must be below num_magnitude_bins" in app.error[0].value
    assert pipeline_of(app) == Pipeline((Step("RandAugment"),))


def test_a_crop_larger_than_the_picture_is_said(browser_side: Browser) -> None:
    app = open_with(Step("RandomCrop", {"size": 300}))
    assert "cannot cut 300 x 300 pixels out of a picture of 224 x 224" in app.error[0].value
    (row,) = rows_of(app)
    run(app.number_input(key=f"step{row.number}-size").set_value(100))
    assert not app.error
    assert browser_side.arrays("draws-offer")["draw1"].shape == (100, 100, 3)


def test_an_empty_pipeline_draws_the_picture_itself(browser_side: Browser) -> None:
    app = open_augmentation()
    run(app.button(key="clear_pipeline").click())
    assert "The pipeline is empty" in texts_of(app)
    assert (browser_side.arrays("draws-offer")["draw16"] == np.asarray(square(subject_of(app)))).all()
    run_snippet(app.code[0].value)
    run(app.button(key="reset_pipeline").click())
    assert pipeline_of(app) == EXAMPLE


def test_json_leaves_and_comes_back(browser_side: Browser) -> None:
    app = open_augmentation()
    saved = browser_side.downloads["pipeline-json"][1]
    assert Pipeline.from_json(saved) == EXAMPLE
    other = Pipeline((Step("RandomInvert", probability=1.0),))
    run(app.file_uploader(key="pipeline_file").upload("p.json", other.to_json().encode(), "application/json"))
    assert pipeline_of(app) == other
    app.text_area(key="pipeline_text").set_value(saved)
    run(app.button(key="use_text").click())
    assert pipeline_of(app) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not whole JSON"),
        ("[]", "holds no pipeline"),
        ('{"steps": [{"transform": "RandomRotate"}]}', "There is no transform 'RandomRotate'"),
        ('{"steps": [{"transform": "RandomCrop", "parameters": {"size": -5}}]}', "size of RandomCrop must be"),
    ],
)
def test_a_broken_file_is_one_sentence_and_the_old_pipeline_stays(text: str, said: str, browser_side: Browser) -> None:
    app = open_with(Step("RandomInvert"))
    app.text_area(key="pipeline_text").set_value(text)
    run(app.button(key="use_text").click())
    assert said in app.error[0].value
    assert pipeline_of(app) == Pipeline((Step("RandomInvert"),))
    run(app.file_uploader(key="pipeline_file").upload("p.json", text.encode(), "application/json"))
    assert said in app.error[0].value
    assert pipeline_of(app) == Pipeline((Step("RandomInvert"),))


def test_a_broken_link_is_said_and_the_example_stands(browser_side: Browser) -> None:
    app = open_augmentation({"pipeline": "{nonsense"})
    assert "The pipeline of this link cannot be read" in app.warning[0].value
    assert pipeline_of(app) == EXAMPLE


def test_a_pipeline_too_long_for_a_link_stays_in_the_session(browser_side: Browser) -> None:
    # It is never done, for it is long that it has to be.
    long = Pipeline((Step("ColorJitter", {"brightness": (0.123, 1.234)}, 0.0),) * (MOST_STEPS - 1))
    assert len(long.compact()) > MOST_IN_ADDRESS
    app = open_augmentation()
    app.text_area(key="pipeline_text").set_value(long.to_json())
    run(app.button(key="use_text").click())
    assert pipeline_of(app) == long
    assert "too many for a link" in texts_of(app)
    assert "pipeline" not in app.query_params
    for _ in range(2):
        run(app.button(key="add_step").click())
    assert f"at most {MOST_STEPS} steps" in app.error[0].value
    assert len(pipeline_of(app).steps) == MOST_STEPS


def test_one_transform_shows_eight_draws_of_itself(browser_side: Browser) -> None:
    app = open_augmentation(
        {"part": "One transform", "one_group": "Blur and noise", "one_transform": "JPEG", "seed": "2"}
    )
    assert not app.error
    subject = subject_of(app)
    arrays = browser_side.arrays("one-offer")
    expected = Pipeline((Step("JPEG", probability=1.0),)).draw_many(square(subject), 8, 2)
    assert all((arrays[f"draw{n}"] == np.asarray(draw.image)).all() for n, draw in enumerate(expected, 1))
    assert CATALOGUE["JPEG"].documentation in texts_of(app)
    assert CATALOGUE["JPEG"].parameters[0].documentation in texts_of(app)
    names, _ = run_snippet(app.code[0].value)
    assert (np.asarray(names["draws"][7].image) == arrays["draw8"]).all()
    run(app.slider(key="one-JPEG-quality").set_value((1, 2)))
    worse = browser_side.arrays("one-offer")["draw1"]
    assert (worse != arrays["draw1"]).any()
    run(app.button(key="add_one").click())
    assert pipeline_of(app).steps[-1] == Step("JPEG", {"quality": (1, 2)}, 1.0)


def test_a_click_on_the_group_opens_that_transform(browser_side: Browser) -> None:
    app = open_augmentation({"part": "One transform"})
    names = [name for name, known in CATALOGUE.items() if known.group == "geometric"]
    assert browser_side.grids["group-grid"]["cells"].count == len(names)
    browser_side.clicks["group-grid"] = 3
    run(app)
    assert app.selectbox(key="one_transform").value == names[3]
    run(app.selectbox(key="one_group").select("erasing"))
    assert app.selectbox(key="one_transform").value == "RandomErasing"


@pytest.mark.parametrize("value", ["", "nonsense"])
def test_a_mangled_address_still_opens_the_page(value: str, browser_side: Browser) -> None:
    for part in ("Pipeline", "Cause and effect", "One transform", "Mix two pictures", "Normalisation", "Does it help?"):
        names = (
            "pipeline",
            "seed",
            "draw",
            "effect",
            "one_group",
            "one_transform",
            "mix",
            "partner",
            "share",
            "alpha",
            "dim",
            "bright",
            "source",
            "pictures",
            "steps",
        )
        open_augmentation({"part": part, **dict.fromkeys(names, value)})
    for effect in ("Sweep", "Inside the network"):
        names = ("sweep", "at_rotation", "cause", "motion", "layer", "turn")
        open_augmentation({"part": "Cause and effect", "effect": effect, **dict.fromkeys(names, value)})
