"""The sample photographs are there, are what they say, and cost no heavy import."""

import subprocess
import sys

import numpy as np
import pytest

from explorer.images import read_image
from explorer.samples import SAMPLES, Sample, read_sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_is_a_colour_photograph(sample: Sample) -> None:
    intake = read_image(read_sample(sample.name))
    assert min(intake.image.size) >= 224
    assert not intake.reduced
    assert intake.note == ""
    assert np.asarray(intake.image).std(axis=(0, 1)).min() > 20  # a photograph, not a flat grid


def test_names_titles_and_credits_are_complete() -> None:
    assert SAMPLES[0].name == "cat"
    assert len({sample.name for sample in SAMPLES}) == len({sample.title for sample in SAMPLES}) == len(SAMPLES)
    assert all(sample.credit.startswith("Photo: ") for sample in SAMPLES)


def test_the_cat_is_the_cat_that_scikit_image_loads() -> None:
    data = pytest.importorskip("skimage.data")
    assert np.array_equal(np.asarray(read_image(read_sample("cat")).image), data.chelsea())


@pytest.mark.parametrize("file", ["china.jpg", "flower.jpg"])
def test_the_photos_of_scikit_learn_are_those_it_loads(file: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    name = {"china.jpg": "temple", "flower.jpg": "flower"}[file]
    assert np.array_equal(np.asarray(read_image(read_sample(name)).image), datasets.load_sample_image(file))


def test_credits_name_whom_the_packages_name() -> None:
    data = pytest.importorskip("skimage.data")
    assert "CC0 by the photographer (Stefan van der Walt)" in data.chelsea.__doc__
    assert "CC0 by the photographer (Rachel Michetti)" in data.coffee.__doc__
    assert "NASA" in data.astronaut.__doc__
    assert "SpaceX" in data.rocket.__doc__


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        read_sample("unicorn")


def test_reading_a_sample_imports_neither_package() -> None:
    code = """
import sys
from explorer.samples import SAMPLES, read_sample
assert all(read_sample(sample.name) for sample in SAMPLES)
assert not {"skimage", "sklearn", "scipy", "numpy", "PIL", "torch", "streamlit"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
