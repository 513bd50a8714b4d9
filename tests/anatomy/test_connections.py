"""Which maps a map reads, against what changes when a map that it may read is doubled."""

import numpy as np
import pytest
import torch
from torch import nn

from explorer.anatomy import INPUT, Edit, LayerFacts, record, stages
from explorer.anatomy.connections import UNKNOWN, Reading, find_readings
from explorer.anatomy.overview import draw_overview
from explorer.anatomy.stages import sources_of
from explorer.zoo import VisionModel
from tests.anatomy.networks import as_model, facts_of, make_input, open_random


def find_changed(model: VisionModel, x: torch.Tensor, facts: LayerFacts, source: str, channel: int) -> set[int]:
    """The maps of a layer that change with one map of a layer before it."""
    plain = record(model, x, layers=[facts.name])[facts.name].output
    if source == INPUT:
        doubled = x.clone()
        doubled[:, channel] *= 2
        edited = record(model, doubled, layers=[facts.name])
    else:
        edited = record(model, x, layers=[facts.name], edits=[Edit(source, 2.0, (channel,))])
    moved = (edited[facts.name].output - plain).abs().reshape(facts.channels, -1).amax(dim=1)
    return set(torch.nonzero(moved).flatten().tolist())


def read_by(reading: Reading, channel: int) -> set[int]:
    return {unit for unit in range(len(reading.ranges)) if channel in reading.channels(unit)}


@pytest.mark.parametrize("name", ["mini_resnet", "shufflenet_v2_x1_0", "convnext_tiny"])
def test_a_map_reads_what_changes_it(name: str) -> None:
    model, x = open_random(name), make_input(name)
    every = facts_of(model, x)
    single = [facts for facts in every.values() if len(facts.inputs) == len(facts.input_shapes) == 1]
    recording = record(model, x, inputs=True)
    known = 0
    for facts in single[:: max(1, len(single) // 9)]:
        (reading,) = find_readings(model, recording, facts)
        source = recording.input if reading.source == INPUT else recording[reading.source].output
        channel = int(source.abs().reshape(len(source), -1).mean(dim=1).argmax())  # one that says something
        if UNKNOWN in reading.order:
            continue
        known += 1
        changed, told = find_changed(model, x, facts, reading.source, channel), read_by(reading, channel)
        assert changed <= told, facts.name
        if any(word in facts.kind for word in ("Conv", "Linear", "Norm", "flatten", "Flatten")):
            assert changed == told, facts.name  # an activation or a pooling may swallow a change
    assert known > 5


class Joining(nn.Module):
    """Two branches that begin at the photo, are put one after the other, and added to a third."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Conv2d(3, 4, 3, padding=1)
        self.right = nn.Conv2d(3, 6, 1)
        self.third = nn.Conv2d(3, 10, 3, padding=1)
        self.grouped = nn.Conv2d(10, 20, 3, groups=5)
        self.up = nn.ConvTranspose2d(20, 8, 2, groups=2)
        self.head = nn.Linear(8, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.left(x), self.right(x)], dim=1) + self.third(x)
        return self.head(self.up(self.grouped(joined)).mean((2, 3)))


def test_joins_groups_and_transposed_convolutions() -> None:
    torch.manual_seed(0)
    model, x = as_model(Joining()), torch.randn(1, 3, 32, 32)
    recording, every = record(model, x, inputs=True), facts_of(model, x)
    for facts in every.values():
        readings = find_readings(model, recording, facts)
        assert [reading.source for reading in readings] == list(facts.inputs)
        for reading in readings:
            reads = 3 if reading.source == INPUT else every[reading.source].channels
            for channel in range(reads):
                assert find_changed(model, x, facts, reading.source, channel) == read_by(reading, channel), facts.name


def test_kernels_are_those_that_make_the_map() -> None:
    """A map is the sum over what it reads of each slice's own convolution, plus the bias."""
    torch.manual_seed(0)
    model, x = as_model(Joining()), torch.randn(1, 3, 32, 32)
    recording = record(model, x, inputs=True)
    facts, module = facts_of(model, x)["grouped"], model.network.get_submodule("grouped")
    (reading,) = find_readings(model, recording, facts)
    assert reading.kernels is not None
    for unit in (0, 7, 19):
        total = torch.full(facts.resolution, float(module.bias[unit]))
        for channel, kernel in zip(reading.channels(unit), reading.kernels[unit], strict=True):
            source = recording[reading.source].output[channel]
            total += nn.functional.conv2d(source[None, None], torch.from_numpy(kernel)[None, None])[0, 0]
        np.testing.assert_allclose(total, recording["grouped"].output[unit], atol=1e-5)


def test_branches_part_and_join() -> None:
    model, x = as_model(Joining()), torch.zeros(1, 3, 32, 32)
    columns = stages(tuple(facts_of(model, x).values()))
    found = dict(zip((stage.key for stage in columns), sources_of(columns), strict=True))
    assert found["left"] == found["right"] == found["third"] == (INPUT,)
    assert found["cat"] == ("right", "left")
    assert found["add"] == ("third", "cat")
    assert found["grouped"] == ("add",)


def test_the_view_holds_the_kernels_between_its_thumbnails() -> None:
    torch.manual_seed(0)
    model, x = as_model(Joining()), torch.randn(1, 3, 32, 32)
    layers = tuple(facts_of(model, x).values())
    overview = draw_overview(model, record(model, x, inputs=True), layers, ())
    columns = {column.key: column for column in overview.columns}
    for name in ("left", "grouped", "up", "head"):
        column, weight = columns[name], model.network.get_submodule(name).weight.detach().numpy()
        for reading in column.reads:
            height, width = reading.window
            start = reading.start
            for unit, places in zip(column.units, reading.places, strict=True):
                for place in places:
                    channel = columns[reading.column].units[place]
                    drawn = overview.kernels[start : start + height * width].reshape(height, width)
                    start += height * width
                    slices = {
                        "left": (unit, channel),
                        "grouped": (unit, channel - unit // 4 * 2),  # five groups: two maps read, four made
                        "up": (channel, unit % 4),  # transposed: by input, then by output in its group
                        "head": (unit, channel, None, None),
                    }
                    np.testing.assert_array_equal(drawn, weight[slices[name]])
    # What treats every map by itself shows those that come after it, so that a map can be followed.
    assert columns["cat"].units == columns["third"].units == columns["add"].units
