"""Pipelines: torchvision's own pictures, the same for the same seed, out to text and back."""

import json
import pickle
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from explorer.augmentation import CATALOGUE, EXAMPLE, MOST_STEPS, Pipeline, PipelineRejected, Step
from tests.augmentation.strategies import attempt, is_one_sentence, pipelines, run_program

FLIP = Step("RandomHorizontalFlip", {}, 1.0)
INVERT = Step("RandomInvert", {}, 1.0)
BLUR = Step("GaussianBlur")


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image)


@pytest.mark.parametrize("probability", [1.0, 0.5])
@pytest.mark.parametrize("name", CATALOGUE)
def test_each_transform_draws_what_its_program_draws(name: str, probability: float, small: Image.Image) -> None:
    parameters = {"size": 40} if name in ("RandomCrop", "CenterCrop", "Resize", "RandomResizedCrop") else {}
    pipeline = Pipeline((Step(name, parameters, probability),))
    state = torch.get_rng_state()
    for seed in range(3):
        drawn = pipeline.draw(small, seed)
        assert torch.equal(torch.get_rng_state(), state)
        assert drawn.mode == "RGB"
        assert np.array_equal(pixels(drawn), pixels(run_program(pipeline, small, seed)))
    assert torch.equal(torch.get_rng_state(), state)


@given(pipeline=pipelines(), seed=st.integers(0, 2**62))
def test_programs_draw_the_same_whatever_the_pipeline(pipeline: Pipeline, seed: int) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 70, 3), np.uint8))
    drawn = attempt(lambda: pipeline.draw(image, seed))
    if isinstance(drawn, str):
        assert is_one_sentence(drawn)
        return
    assert np.array_equal(pixels(drawn), pixels(run_program(pipeline, image, seed)))
    assert np.array_equal(pixels(drawn), pixels(pipeline.draw(image, seed)))


def test_the_program_stands_alone(photo: Image.Image, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    photo.save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    program = EXAMPLE.to_python(seed=4)
    exec(program, names)
    assert "explorer" not in program
    assert np.array_equal(pixels(names["drawn"]), pixels(EXAMPLE.draw(Image.open("photo.jpg").convert("RGB"), 4)))


@given(pipeline=pipelines(8))
def test_json_comes_back_equal(pipeline: Pipeline) -> None:
    text = pipeline.to_json()
    assert Pipeline.from_json(text) == pipeline
    assert Pipeline.from_json(text).to_json() == text
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline


def test_seeds_differ_and_repeat(small: Image.Image) -> None:
    many = EXAMPLE.draw_many(small, 8, seed=3)
    assert [draw.seed for draw in many] == list(range(3, 11))
    again = EXAMPLE.draw(small, 6)
    assert np.array_equal(pixels(again), pixels(many[3].image))
    assert len({draw.image.tobytes() for draw in many}) > 6
    for seed in (-1, 2**63):
        with pytest.raises(PipelineRejected, match="seed"):
            EXAMPLE.draw(small, seed)


def test_eight_threads_draw_what_one_draws(small: Image.Image) -> None:
    every = [Pipeline((Step(name, {"size": 32} if name == "RandomCrop" else {}),)) for name in CATALOGUE]
    tasks = [(pipeline, seed) for pipeline in [EXAMPLE, *every] for seed in range(2)]
    expected = [pipeline.draw_with_trace(small, seed) for pipeline, seed in tasks]
    state = torch.get_rng_state()
    gate = threading.Barrier(8)

    def work(number: int) -> list[int]:
        torch.set_num_threads(1)
        order = list(range(len(tasks)))
        random.Random(number).shuffle(order)
        gate.wait()
        wrong = []
        for task in order:
            pipeline, seed = tasks[task]
            drawn = pipeline.draw_with_trace(small, seed)
            if drawn.image.tobytes() != expected[task].image.tobytes() or drawn.steps != expected[task].steps:
                wrong.append(task)
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[]] * 8
    assert torch.equal(torch.get_rng_state(), state)


def test_threads_that_draw_from_the_process_meanwhile_get_their_own_numbers(small: Image.Image) -> None:
    torch.manual_seed(7)
    expected = torch.rand(200)
    torch.manual_seed(7)
    done = threading.Event()

    def draw() -> None:
        while not done.is_set():
            EXAMPLE.draw(small, 1)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        assert torch.equal(torch.cat([torch.rand(1) for _ in range(200)]), expected)
    finally:
        done.set()
        thread.join()


def test_changes_make_new_pipelines() -> None:
    first = Pipeline((FLIP, INVERT))
    assert first.add(BLUR).steps == (FLIP, INVERT, BLUR)
    assert first.add(BLUR, 0).steps == (BLUR, FLIP, INVERT)
    assert first.add(BLUR).move(2, 0).steps == (BLUR, FLIP, INVERT)
    assert first.add(BLUR).move(0, 2).steps == (INVERT, BLUR, FLIP)
    assert first.remove(0).steps == (INVERT,)
    assert first.replace(1, BLUR).steps == (FLIP, BLUR)
    assert first.steps == (FLIP, INVERT)
    for wrong in (lambda: first.remove(2), lambda: first.move(0, 5), lambda: first.replace(-1, BLUR)):
        with pytest.raises(PipelineRejected, match="no step"):
            wrong()
    with pytest.raises(PipelineRejected, match="at most 32 steps"):
        Pipeline((FLIP,) * (MOST_STEPS + 1))


def test_order_counts(small: Image.Image) -> None:
    dark = Step("ColorJitter", {"brightness": (0.5, 0.5), "contrast": None, "saturation": None, "hue": None})
    one, other = (Pipeline(steps).draw(small, 0) for steps in ((dark, INVERT), (INVERT, dark)))
    assert pixels(one).mean() > 120 > pixels(other).mean()


def test_the_empty_pipeline_gives_the_picture_itself(small: Image.Image) -> None:
    draw = Pipeline().draw_with_trace(small, 9)
    assert np.array_equal(pixels(draw.image), pixels(small))
    assert draw.steps == ()
    assert draw.description == "nothing fired"
    assert Pipeline.from_json(Pipeline().to_json()) == Pipeline()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_pictures_of_other_modes_are_taken_as_rgb(mode: str, small: Image.Image) -> None:
    assert EXAMPLE.draw(small.convert(mode), 0).mode == "RGB"


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (7, 5)])
@pytest.mark.parametrize("name", CATALOGUE)
def test_tiny_pictures_work_or_are_refused_in_one_sentence(name: str, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (200, 100, 50))
    drawn = attempt(lambda: Pipeline((Step(name, {}, 1.0),)).draw(image, 0))
    if isinstance(drawn, str):
        assert is_one_sentence(drawn)
        assert drawn.startswith(f"Step 1, {name}, ")
        assert f"{size[0]} x {size[1]}" in drawn or "nothing" in drawn
        assert name in ("RandomCrop", "RandomPerspective", "ElasticTransform", "GaussianBlur", "ScaleJitter", "Pad")
    else:
        assert min(drawn.size) >= 1


def test_a_crop_larger_than_the_picture_says_what_to_do(small: Image.Image) -> None:
    pipeline = Pipeline((FLIP, Step("RandomCrop", {"size": 100})))
    with pytest.raises(PipelineRejected, match=r"Step 2, RandomCrop, cannot cut 100 x 100 pixels out of .* 80 x 60"):
        pipeline.draw(small, 0)
    padded = Pipeline((Step("RandomCrop", {"size": 100, "pad_if_needed": True}),))
    assert padded.draw(small, 0).size == (100, 100)


@pytest.mark.parametrize(
    "step",
    [
        Step("Resize", {"size": 1024}),
        Step("RandomResize", {"min_size": 1000, "max_size": 1024}),
        Step("RandomShortestSize", {"min_size": 1024}),
    ],
    ids=lambda step: step.transform,
)
def test_pictures_that_would_fill_the_memory_are_refused(step: Step) -> None:
    with pytest.raises(PipelineRejected, match="16 megapixels"):
        Pipeline((step,)).draw(Image.new("RGB", (2000, 10)), 0)


def test_zooming_out_again_and_again_is_refused(small: Image.Image) -> None:
    out = Step("RandomZoomOut", {"side_range": (4.0, 4.0)}, 1.0)
    with pytest.raises(PipelineRejected, match="Step 3, RandomZoomOut, would make a picture of 5120 x 3840"):
        Pipeline((out,) * 5).draw(small, 0)


BROKEN: list[tuple[str, str]] = [
    ("", "not whole JSON"),
    ("{", "not whole JSON"),
    ("[" * 50_000, "not whole JSON"),
    ("null", "no pipeline"),
    ("[]", "no pipeline"),
    ('{"steps": 3}', "no pipeline"),
    ('{"version": 2, "steps": []}', "version 2"),
    ('{"steps": [3]}', "Step 1 has no"),
    ('{"steps": [{"transform": 3}]}', "Step 1 has no"),
    ('{"steps": [{"transform": "Nothing"}]}', "Step 1: There is no transform 'Nothing'"),
    ('{"steps": [{"transform": "Lambda"}]}', "Step 1: Lambda cannot be a step"),
    ('{"steps": [{"transform": "RandomInvert", "colour": 1}]}', "Step 1 has 'colour'"),
    ('{"steps": [{"transform": "RandomInvert", "parameters": []}]}', "must be an object"),
    ('{"steps": [{"transform": "RandomInvert", "probability": 1.5}]}', "from 0 to 1, not 1.5"),
    ('{"steps": [{"transform": "RandomInvert", "probability": NaN}]}', "from 0 to 1, not nan"),
    ('{"steps": [{"transform": "RandomInvert", "probability": "often"}]}', "from 0 to 1, not 'often'"),
    ('{"steps": [{"transform": "RandomInvert", "probability": 1e999}]}', "from 0 to 1, not inf"),
    (f'{{"steps": [{{"transform": "RandomInvert", "probability": {"9" * 400}}}]}}', "from 0 to 1, not 9999"),
    (f'{{"steps": [{{"transform": "RandomInvert", "probability": {"9" * 5000}}}]}}', "not whole JSON"),
    (f'{{"steps": [{{"transform": "RandomRotation", "parameters": {{"degrees": [0, {"9" * 400}]}}}}]}}', "180"),
    (f'{{"version": {"9" * 400}, "steps": []}}', "version 9999"),
    (f'{{"steps": [{{"transform": "RandomInvert", "parameters": {"[" * 50_000}', "not whole JSON"),
    ('{"steps": [{"transform": "RandomInvert", "parameters": {"p": 1}}]}', "no parameter 'p'"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"degrees": [5, -5]}}]}', "the smaller one first"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"degrees": [0, 1e9]}}]}', "from -180 to 180"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"degrees": [0, Infinity]}}]}', "from -180 to 180"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"degrees": null}}]}', "two numbers"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"fill": [0, 0]}}]}', "three whole numbers"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"interpolation": "magic"}}]}', "nearest, bilinear"),
    ('{"steps": [{"transform": "RandomRotation", "parameters": {"expand": 1}}]}', "true or false, not 1"),
    ('{"steps": [{"transform": "GaussianBlur", "parameters": {"kernel_size": 4}}]}', "an odd number"),
    ('{"steps": [{"transform": "RandAugment", "parameters": {"magnitude": 31}}]}', "must be below num_magnitude_bins"),
    ('{"steps": [{"transform": "RandomResize", "parameters": {"min_size": 300}}]}', "must be below max_size"),
    ('{"steps": [{"transform": "Resize", "parameters": {"max_size": 100}}]}', "must be above size"),
    (json.dumps({"steps": [{"transform": "RandomInvert"}] * 33}), "at most 32 steps"),
    (" " * 100_001, "more than the limit of 100,000"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN, ids=range(len(BROKEN)))
def test_broken_files_are_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(PipelineRejected) as refusal:
        Pipeline.from_json(text)
    assert said in str(refusal.value)
    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)


@given(text=st.text() | st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x)).map(json.dumps))
def test_whatever_the_file_holds_nothing_else_is_raised(text: str) -> None:
    read = attempt(lambda: Pipeline.from_json(text))
    assert is_one_sentence(read) if isinstance(read, str) else isinstance(read, Pipeline)


def test_a_short_file_gets_what_a_fresh_step_has() -> None:
    read = Pipeline.from_json('{"steps": [{"transform": "RandomRotation", "parameters": {"degrees": [1, 2]}}]}')
    assert read.steps == (Step("RandomRotation", {"degrees": (1.0, 2.0)}),)
    assert read.steps[0].with_probability(0.25).probability == 0.25
    assert read.steps[0].with_parameters(expand=True).parameters["degrees"] == (1.0, 2.0)
