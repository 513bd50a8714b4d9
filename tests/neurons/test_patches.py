import io

import numpy as np
import pytest
from PIL import Image

from explorer.neurons.patches import DETECTORS, cut_patches
from explorer.samples import SAMPLES, read_sample


@pytest.mark.parametrize(
    ("size", "grid"), [((451, 300), (8, 12)), ((300, 300), (12, 12)), ((2000, 3), (1, 12)), ((1, 1), (12, 12))]
)
def test_a_photo_of_any_size_is_cut_into_patches(size: tuple[int, int], grid: tuple[int, int]) -> None:
    patches = cut_patches(Image.new("RGB", size, (255, 255, 255)))
    assert patches.shape == (*grid, 8, 8)
    assert (patches == 1).all()


def test_patches_laid_out_are_the_photo_in_grey() -> None:
    image = Image.open(io.BytesIO(read_sample(SAMPLES[0].name))).convert("RGB")
    patches = cut_patches(image)
    grey = np.asarray(image.resize((96, 64), Image.Resampling.LANCZOS), np.float64) @ [0.299, 0.587, 0.114] / 255
    for row, column in ((0, 0), (4, 7), (7, 11)):
        expected = grey[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        np.testing.assert_allclose(patches[row, column], expected, atol=0.02)


def test_detectors_find_what_they_are_named_for() -> None:
    side = np.linspace(0, 1, 8)
    spot = np.zeros((8, 8))
    spot[3:5, 3:5] = 1
    looks = {"left_right": np.tile(side, (8, 1)), "top_bottom": np.tile(side[:, None], (1, 8)), "spot": spot}
    for name, picture in looks.items():
        sums = {
            other: float((weights * looks[name]).sum()) for other, (_, weights) in DETECTORS.items() if other in looks
        }
        assert max(sums, key=sums.__getitem__) == name
        assert abs(DETECTORS[name][1].sum()) < 1e-12  # even light says nothing to it
        assert picture.shape == (8, 8)
