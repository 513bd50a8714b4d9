import numpy as np
import pytest
import torch
from torch import nn

from explorer.anatomy import LayerUnknown, record, summarize_layers
from explorer.anatomy.descriptions import output_size
from explorer.anatomy.microscope import NotUnderTheMicroscope, break_down, is_explainable, padding_before
from explorer.operations import PAD, explain_cell
from explorer.zoo import VisionModel
from explorer.zoo.loading import random_model

from .networks import as_model

NETWORKS = {
    "tiny-vgg": 32,
    "photo-net": 64,
    "efficientnet-lite0": 75,
    "resnet18": 64,
    "mobilenet_v2": 64,
    "shufflenet_v2_x0_5": 64,  # convolutions that read half of a layer
    "densenet121": 64,
    "convnext_tiny": 64,
    "squeezenet1_1": 64,
}


@pytest.fixture(scope="module", params=NETWORKS)
def case(request: pytest.FixtureRequest) -> tuple[VisionModel, torch.Tensor]:
    torch.manual_seed(0)
    model = random_model(request.param)
    return model, torch.randn(1, 3, NETWORKS[request.param], NETWORKS[request.param])


def arithmetic(kind: str, values: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """What a step does, by PyTorch's functions where they are not one line."""
    functions = {"silu": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu}
    if kind == "affine":
        return values * scale + shift
    if kind in functions:
        return functions[kind](torch.from_numpy(values)).numpy()
    return {"relu": values.clip(0), "relu6": values.clip(0, 6)}[kind]


def test_every_convolution_and_pooling_layer(case: tuple[VisionModel, torch.Tensor]) -> None:
    """One cell of each, worked out from what the layer read, against what the recorder says it gave."""
    model, x = case
    generator = np.random.default_rng(0)
    layers = [facts for facts in summarize_layers(model, x) if is_explainable(model, facts)]
    assert any(facts.kind == "Conv2d" for facts in layers)
    assert any("Pool" in facts.kind or facts.kind in ("mean", "adaptive_avg_pool2d") for facts in layers)
    recording = record(model, x)
    for facts in layers[:: max(1, len(layers) // 24)]:
        breakdown = break_down(model, x, facts.name)
        np.testing.assert_array_equal(breakdown.output, recording[facts.name].maps.numpy())
        channel = int(generator.integers(facts.channels))
        row, column = (int(generator.integers(side)) for side in facts.resolution)
        operation, reads = breakdown.operation, breakdown.operation.reads(channel)
        patch = operation.patch(breakdown.input[reads.start : reads.stop], row, column).astype(np.float64)
        kernel = operation.kernel(channel)
        terms = patch if kernel is None else patch * kernel
        if operation.kind == "max":
            value, size = np.nanmax(terms), np.nanmax(np.abs(terms))
        elif operation.kind == "average":
            value, size = np.nanmean(terms), np.nanmean(np.abs(terms))
        else:
            bias = 0.0 if operation.bias is None else float(operation.bias[channel])
            value, size = np.nansum(terms) + bias, np.nansum(np.abs(terms)) + abs(bias)
        assert abs(value - breakdown.output[channel, row, column]) <= 1e-5 * size + 1e-9, facts.name
        if breakdown.following:
            values = breakdown.output[channel]
            for layer in breakdown.following:
                step = layer.step(channel)
                values = arithmetic(step.kind, values, step.scale, step.shift)
            np.testing.assert_allclose(values, breakdown.final[channel], rtol=1e-3, atol=1e-4, err_msg=facts.name)


def test_padding_that_is_a_layer_is_seen_as_cells_outside_the_input() -> None:
    """Below and to the right of the photo where its side is even; PyTorch's own padding would be above and left."""
    model = random_model("efficientnet-lite0")
    x = torch.randn(1, 3, 64, 64)
    facts = {layer.name: layer for layer in summarize_layers(model, x)}
    assert facts["stem.pad"].shape == facts["stem.conv"].input_shapes[0] == (3, 65, 65)
    assert facts["stem.conv"].inputs == ("stem.pad",)
    assert padding_before(model, list(facts.values()), facts["stem.conv"]) == facts["stem.pad"]
    assert padding_before(model, list(facts.values()), facts["stem.bn"]) is None
    breakdown = break_down(model, x, "stem.conv")
    np.testing.assert_array_equal(breakdown.input, x[0].numpy())
    for window_indices in (breakdown.operation.rows, breakdown.operation.columns):
        assert window_indices[0].tolist() == [0, 1, 2]
        assert window_indices[-1].tolist() == [62, 63, PAD]
    assert (breakdown.operation.rows == PAD).sum() == 1


@pytest.mark.parametrize("side", [64, 75])
@pytest.mark.parametrize("layer", ["stem.conv", "stages.stage3.block1.depthwise.conv"])
def test_a_cell_of_a_padded_convolution_adds_up(layer: str, side: int) -> None:
    """What the convolution read, padding included, taken apart at its four corners."""
    model = random_model("efficientnet-lite0")
    read = record(model, torch.randn(1, 3, side, side), layers=[layer], inputs=True)[layer].read
    assert read is not None
    conv = model.network.get_submodule(layer)
    last = record(model, torch.randn(1, 3, side, side), layers=[layer])[layer].facts.resolution[0] - 1
    for row, column in ((0, 0), (0, last), (last, 0), (last, last)):
        cell = explain_cell(conv, read, (1, row, column))
        assert cell.framework_value == pytest.approx(cell.value, rel=1e-5, abs=1e-6)


def test_what_follows_is_found() -> None:
    model = random_model("mobilenet_v2")
    breakdown = break_down(model, torch.randn(1, 3, 64, 64), "features.3.conv.0.0")
    assert [layer.kind for layer in breakdown.following] == ["affine", "relu6"]
    last = break_down(model, torch.randn(1, 3, 64, 64), "features.3.conv.2")
    assert [layer.kind for layer in last.following] == ["affine"]  # then comes an addition


def test_other_layers_are_refused() -> None:
    model = random_model("tiny-vgg")
    x = torch.randn(1, 3, 32, 32)
    with pytest.raises(NotUnderTheMicroscope, match="ReLU"):
        break_down(model, x, "features.relu1_1")
    with pytest.raises(LayerUnknown):
        break_down(model, x, "nowhere")


def test_inputs_are_kept_only_where_asked_for() -> None:
    model = random_model("tiny-vgg")
    x = torch.randn(1, 3, 32, 32)
    assert all(layer.read is None for layer in record(model, x))
    recording = record(model, x, inputs=True)
    torch.testing.assert_close(recording["features.relu1_1"].read[0], recording["features.conv1_1"].output)
    torch.testing.assert_close(recording["features.conv1_1"].read, x)


@pytest.mark.parametrize(("padding", "cells"), [("valid", 6), ("same", None), (1, 8)])
def test_the_size_formula_of_padding_in_words(padding: str | int, cells: int | None) -> None:
    """None where PyTorch works the padding out; "valid" is none at all."""
    module = nn.Conv2d(3, 4, 3, padding=padding)
    (facts, *_) = summarize_layers(as_model(nn.Sequential(module)), torch.zeros(1, 3, 8, 8))
    lines = output_size(facts, module)
    assert lines == [] if cells is None else lines[-1].endswith(f"= {cells}$")
