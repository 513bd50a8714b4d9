"""Stages: nothing lost, nothing twice, few enough to see, and gates do not tear them."""

import pytest
import torch

from explorer.anatomy import LayerFacts, stage_of, stages, summarize_layers
from explorer.anatomy.stages import MOST
from explorer.zoo import random_model

NETWORKS = (
    "photo-net",
    "efficientnet-lite0",
    "resnet18",
    "vgg11",
    "squeezenet1_1",
    "mobilenet_v3_small",
    "densenet121",
    "googlenet",
    "efficientnet_b0",
)


@pytest.fixture(scope="module")
def layers() -> dict[str, tuple[LayerFacts, ...]]:
    """The layers of every network at a small resolution."""
    return {name: summarize_layers(random_model(name), torch.zeros(1, 3, 64, 64)) for name in NETWORKS}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_stands_in_one_column_however_much_is_opened(
    name: str, layers: dict[str, tuple[LayerFacts, ...]]
) -> None:
    opened: list[str] = []
    for _ in range(200):
        columns = stages(layers[name], opened)
        assert [layer.name for column in columns for layer in column.layers] == [layer.name for layer in layers[name]]
        assert len({column.key for column in columns}) == len(columns)
        assert sum(column.parameters for column in columns) == sum(layer.parameters for layer in layers[name])
        assert sum(column.macs for column in columns) == sum(layer.macs for layer in layers[name])
        closed = [column for column in columns if column.closed]
        if not closed:
            break
        opened.append(closed[0].key)
    else:
        pytest.fail("opening never ends")
    assert len(columns) == len(layers[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_one_glance_is_enough(name: str, layers: dict[str, tuple[LayerFacts, ...]]) -> None:
    columns = stages(layers[name])
    assert 4 <= len(columns) <= MOST
    for column in columns:  # opening one adds at most two screens of columns
        assert len(stages(layers[name], [column.key])) - len(columns) < 2 * MOST


def test_resnet_is_told_by_its_resolutions(layers: dict[str, tuple[LayerFacts, ...]]) -> None:
    columns = stages(layers["resnet18"])
    assert [column.title for column in columns][2:5] == ["layer2", "layer3", "layer4"]
    assert [column.last.resolution for column in columns] == [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (1, 1)]


def test_named_stages_stand_beside_stem_and_head() -> None:
    layers = summarize_layers(random_model("efficientnet-lite0"), torch.zeros(1, 3, 64, 64))
    columns = stages(layers)
    named = [f"stage{number}" for number in range(1, 8)]
    assert [column.title for column in columns] == ["stem", *named, "head", "average", "flatten", "classifier"]
    assert [column.last.channels for column in columns[:9]] == [32, 16, 24, 40, 80, 112, 192, 320, 1280]
    inside = stages(layers, [columns[4].key])[4:7]
    assert [column.title for column in inside] == ["stage4.block1", "stage4.block2", "stage4.block3"]
    opened = stages(layers, [columns[4].key, inside[1].key])
    assert [column.title for column in opened[5:8]] == [f"block2.expand.{part}" for part in ("conv", "bn", "relu")]


def test_gates_do_not_end_a_stage(layers: dict[str, tuple[LayerFacts, ...]]) -> None:
    sizes = [column.last.resolution for column in stages(layers["efficientnet_b0"])]
    assert sizes == [(32, 32), (16, 16), (8, 8), (4, 4), (2, 2), (1, 1)]


def test_a_layer_is_found_in_its_column(layers: dict[str, tuple[LayerFacts, ...]]) -> None:
    columns = stages(layers["resnet18"])
    found = stage_of(columns, "layer3.0.conv1")
    assert found is not None
    assert found.title == "layer3"
    assert stage_of(columns, "no such layer") is None


def test_few_layers_are_shown_as_they_are(layers: dict[str, tuple[LayerFacts, ...]]) -> None:
    few = layers["resnet18"][:7]
    columns = stages(few)
    assert [column.title for column in columns] == [layer.name for layer in few]
    assert not any(column.closed for column in columns)
