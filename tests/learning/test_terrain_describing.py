from __future__ import annotations

import numpy as np

from explorer.learning.terrain.descent import Path
from explorer.learning.terrain.describing import say_agreement, say_end, say_who_stays
from explorer.learning.terrain.surfaces import SURFACES

VALLEY, NOISE = SURFACES["valley"], SURFACES["noise"]


def path(*losses: float, diverged: int | None = None) -> Path:
    return Path(np.zeros((len(losses), 2)), np.array(losses), diverged)


def test_what_comes_of_a_path_is_said() -> None:
    assert say_end(VALLEY, path(1, 0.1, 1e-7, 5)) == "2 steps"
    assert say_end(VALLEY, path(1, 1e-7)) == "1 step"
    assert say_end(VALLEY, path(1, -0.25)) == "1 step"
    assert say_end(VALLEY, path(1, 0.5, 0.0025)) == "loss 0.0025 after 2 steps"
    assert say_end(NOISE, path(1, 1e-9)) == "loss 1e−09 after 1 step"  # where the gradient is noisy none arrives
    assert say_end(VALLEY, path(1, 1e-7, diverged=2)) == "diverges at step 2"


def test_who_stays_at_the_minimum_and_who_only_comes_by() -> None:
    paths = {"A": path(1, 1e-7, 1e-8), "B": path(1, 1e-7, 3, 1e-9), "C": path(1, 1e-7, 12.34), "D": path(1, 0.5)}
    assert say_who_stays(VALLEY, paths) == (
        "There for good: A from step 1 on, B from step 3 on; C only comes by, its loss rises to 12.3 again."
    )
    assert say_who_stays(VALLEY, {"C": paths["C"]}) == "C only comes by, its loss rises to 12.3 again."
    assert say_who_stays(VALLEY, {"D": paths["D"]}) == ""
    assert say_who_stays(NOISE, paths) == ""


def test_how_far_pytorch_is_away_is_said_and_why() -> None:
    said = say_agreement({"SGD": 0.0, "Adam": 3e-16}, 0.0, 500)
    assert said.endswith("in float64, 500 steps: largest difference 3e-16, Adam’s.")
    said = say_agreement({"SGD": 2e-4, "Adam": 3e-16}, 1e-16, 500)
    assert said.endswith(
        "largest difference 2e-04, SGD’s. That path is chaotic: the last digit of a slope decides where it goes. Along "
        "PyTorch’s own slopes the largest difference is 1e-16."
    )
