import numpy as np
import pytest

from explorer.ui.components import MOST_BYTES, ChannelView, microscope


def test_the_pinned_cell_must_be_on_the_output() -> None:
    window_indices = np.array([[0], [1]], np.int32)
    values = np.zeros((2, 2), np.float32)
    channel_view = ChannelView("max", window_indices, window_indices, values[None], (2, 2), None, None, values)
    for cell in ((2, 0), (0, 2), (-1, 0)):
        with pytest.raises(ValueError, match="2x2"):
            microscope(channel_view, pinned=cell, key="microscope")


def test_a_layer_of_64_small_maps_is_sent_whole() -> None:
    assert 64 * 56 * 56 * 4 < MOST_BYTES <= 1_500_000
