from typing import Any

import numpy as np
import pytest

from explorer.operations.channel_view import NONE, PAD, ChannelView, Step

ROWS = np.array([[PAD, 0], [1, 2], [2, NONE]], np.int32)
COLUMNS = np.array([[0], [1]], np.int32)


def make(**changes: Any) -> ChannelView:
    parts: dict[str, Any] = {
        "operation": "convolution",
        "rows": ROWS,
        "columns": COLUMNS,
        "input": np.zeros((4, 3, 2), np.float32),
        "input_size": (3, 2),
        "kernel": np.zeros((4, 2, 1), np.float32),
        "bias": 0.5,
        "output": np.zeros((3, 2), np.float32),
    }
    return ChannelView(**(parts | changes))


def make_pooling(**changes: Any) -> ChannelView:
    return make(operation="max", kernel=None, bias=None, input=np.zeros((1, 3, 2), np.float32), **changes)


def test_sizes_follow_from_the_arrays() -> None:
    channel_view = make()
    assert channel_view.output_size == (3, 2)
    assert channel_view.window == (2, 1)
    assert channel_view.channels == 4
    assert make_pooling().channels == 1
    assert make(input=None).channels == 4


def test_a_patch_stands_in_for_the_input() -> None:
    patch = np.zeros((4, 2, 1), np.float32)
    channel_view = make(input=None, patch=patch, patch_cell=(2, 1), preview=np.zeros((3, 2), np.float32))
    assert channel_view.patch_cell == (2, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operation": "median"}, "median"),
        ({"kernel": None}, "needs a kernel"),
        ({"kernel": np.zeros((4, 3, 3), np.float32)}, r"kernel must have the shape \(4, 2, 1\)"),
        ({"input": np.zeros((5, 3, 2), np.float32)}, "input must have the shape"),
        ({"input": np.zeros((4, 3, 2))}, "input must be float32, not float64"),
        ({"rows": ROWS.astype(np.int64)}, "rows must be int32"),
        ({"rows": ROWS + 1}, "input has 0 to 2"),
        ({"columns": np.array([[0], [-3]], np.int32)}, "columns read from -3"),
        ({"rows": ROWS[:, 0]}, "rows must be a table"),
        ({"rows": ROWS[:0]}, "rows must be a table"),
        ({"output": np.zeros((2, 2), np.float32)}, "output must have the shape"),
        ({"final": np.zeros((2, 2), np.float32)}, "final must have the shape"),
        ({"preview": np.zeros((2, 2), np.float32)}, "preview must have the shape"),
        ({"steps": (Step("ReLU", "relu"),)}, "steps need"),
        ({"patch": np.zeros((4, 2, 1), np.float32)}, "come together"),
        ({"patch_cell": (0, 0)}, "come together"),
        ({"patch": np.zeros((4, 2, 2), np.float32), "patch_cell": (0, 0)}, "patch must have the shape"),
        ({"patch": np.zeros((4, 2, 1), np.float32), "patch_cell": (3, 0)}, "not on an output"),
        ({"channel_names": ("red",)}, "1 channel_names for 4 channels"),
        ({"channel_colours": ("red",)}, "1 channel_colours for 4 channels"),
    ],
)
def test_parts_that_do_not_fit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(**changes)


def test_pooling_reads_one_channel() -> None:
    with pytest.raises(ValueError, match="one channel"):
        make(operation="max", kernel=None)
    with pytest.raises(ValueError, match="pooling has none"):
        make(operation="average")


def test_an_unknown_step() -> None:
    with pytest.raises(ValueError, match="'swish'"):
        Step("act", "swish")
