import numpy as np
import pytest
import torch
from torch import nn

from explorer.operations import ACTIVATIONS, break_down_module, describe_following

PLENTY = 10**9


def worked_out(channel_view, row: int, column: int) -> float:
    """A channel view's cell by loops over its window indices and nothing else."""
    values = []
    for c in range(channel_view.channels):
        for i, r in enumerate(channel_view.rows[row]):
            for j, q in enumerate(channel_view.columns[column]):
                if r == -2 or q == -2:
                    continue
                read = 0.0 if -1 in (r, q) else float(channel_view.input[c, r, q])
                values.append(read * (1.0 if channel_view.kernel is None else float(channel_view.kernel[c, i, j])))
    if channel_view.operation == "max":
        return max(values)
    if channel_view.operation == "l2":
        return sum(value**2 for value in values) ** 0.5
    if channel_view.operation == "average":
        return sum(values) / (channel_view.divisor or len(values))
    return sum(values) + (channel_view.bias or 0.0)


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(4, 6, 3, 2, 1, groups=2, padding_mode="reflect"),
        nn.ConvTranspose2d(4, 6, 3, 2, 1, groups=2),
        nn.MaxPool2d(3, 2, 1),
        nn.AvgPool2d(3, 2, 1, count_include_pad=False),
        nn.AvgPool2d(2, divisor_override=3),
        nn.LPPool2d(2, 2),
        nn.AdaptiveAvgPool2d(3),
    ],
    ids=lambda module: type(module).__name__,
)
def test_a_specimen_holds_all_it_takes(module: nn.Module) -> None:
    x = torch.randn(4, 9, 8)
    breakdown = break_down_module(module, x)
    with torch.inference_mode():
        expected = module(x[None])[0].numpy()
    np.testing.assert_array_equal(breakdown.output, expected)
    for channel in (0, len(expected) - 1):
        channel_view = breakdown.channel_view(channel, PLENTY)
        for row, column in ((0, 0), (1, 2), (expected.shape[1] - 1, expected.shape[2] - 1)):
            assert worked_out(channel_view, row, column) == pytest.approx(
                expected[channel, row, column], rel=1e-4, abs=1e-5
            )


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(25, 4, 5, padding=2),
        nn.Conv2d(4, 6, 3, 2, 3, dilation=2, groups=2, bias=False),
        nn.Conv2d(4, 4, 3, padding=1, groups=4),
        nn.Conv2d(5, 3, 1),
        nn.Conv2d(3, 2, 4, padding="same"),
        nn.Conv2d(3, 2, (1, 7), padding=(0, 3), padding_mode="reflect"),
        nn.ConvTranspose2d(4, 6, 3, 2, 1, groups=2),
    ],
    ids=repr,
)
def test_products_are_the_layer_on_one_input_map_at_a_time(module: nn.Conv2d | nn.ConvTranspose2d) -> None:
    x = torch.randn(module.in_channels, 12, 11)
    breakdown = break_down_module(module, x)
    width = module.in_channels // module.groups
    for channel in (0, module.out_channels - 1):
        products = breakdown.products(channel)
        first = channel // (module.out_channels // module.groups) * width
        bias = 0.0 if module.bias is None else module.bias[channel].item()
        for place, product in enumerate(products):
            alone = torch.zeros_like(x)
            alone[first + place] = x[first + place]
            with torch.inference_mode():
                expected = module(alone[None])[0, channel].numpy() - bias
            np.testing.assert_allclose(product, expected, rtol=1e-4, atol=1e-5)
        assert len(products) == width
        np.testing.assert_allclose(products.sum(axis=0) + bias, breakdown.output[channel], rtol=1e-5, atol=1e-5)


def test_pooling_has_no_products() -> None:
    with pytest.raises(ValueError, match="no filters"):
        break_down_module(nn.MaxPool2d(2), torch.randn(2, 4, 4)).products(0)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activations_are_worked_out(kind: type[nn.Module]) -> None:
    """Only that kind, parameters and the framework's values travel; the browser's arithmetic has tests of its own."""
    breakdown = break_down_module(nn.Conv2d(1, 2, 3), torch.randn(1, 6, 6), kind())
    channel_view = breakdown.channel_view(1, PLENTY)
    assert [step.kind for step in channel_view.steps] == [ACTIVATIONS[kind]]
    with torch.inference_mode():
        np.testing.assert_array_equal(channel_view.final, kind()(torch.from_numpy(breakdown.output))[1].numpy())


def test_batch_norm_is_a_line_per_channel() -> None:
    norm = nn.BatchNorm2d(3).eval()
    torch.manual_seed(0)
    for tensor in (norm.weight.data, norm.bias.data, norm.running_mean):
        tensor.normal_()
    norm.running_var.uniform_(0.1, 3)
    following = describe_following("bn", norm)
    x = torch.randn(1, 3, 4, 4)
    with torch.inference_mode():
        expected = norm(x)[0].numpy()
    for channel in range(3):
        step = following.step(channel)
        np.testing.assert_allclose(
            x[0, channel].numpy() * step.scale + step.shift, expected[channel], rtol=1e-4, atol=1e-5
        )


def test_leaky_slope_and_unknown_layers() -> None:
    assert describe_following("leaky", nn.LeakyReLU(0.2)).step(0).slope == pytest.approx(0.2)
    assert describe_following("gelu", nn.GELU(approximate="tanh")) is None
    assert describe_following("pool", nn.MaxPool2d(2)) is None


def test_too_much_to_send_becomes_one_cell() -> None:
    x = torch.randn(8, 20, 20)
    breakdown = break_down_module(nn.Conv2d(8, 4, 3, padding=1), x)
    channel_view = breakdown.channel_view(2, most_bytes=1000)
    assert channel_view.input is None
    assert channel_view.patch_cell == (10, 10)
    chosen = breakdown.channel_view(2, most_bytes=1000, cell=(0, 19))
    assert chosen.patch_cell == (0, 19)
    assert chosen.patch.shape == (8, 3, 3)
    assert (chosen.patch[:, 0] == 0).all()
    assert (chosen.patch[:, :, 2] == 0).all()
    value = (chosen.patch.astype(np.float64) * chosen.kernel).sum() + chosen.bias
    assert value == pytest.approx(float(breakdown.output[2, 0, 19]), rel=1e-4, abs=1e-5)
    assert any(np.array_equal(chosen.preview, channel) for channel in x.numpy())


def test_a_payload_is_counted_by_what_one_map_needs() -> None:
    breakdown = break_down_module(nn.Conv2d(8, 8, 3, padding=1, groups=8), torch.randn(8, 20, 20), nn.ReLU())
    channel_view = breakdown.channel_view(3, PLENTY)
    arrays = (channel_view.input, channel_view.kernel, channel_view.output, channel_view.final)
    assert breakdown.payload_bytes(3) == sum(array.nbytes for array in arrays)


def test_names_and_colours_follow_the_channels_that_are_read() -> None:
    breakdown = break_down_module(nn.Conv2d(3, 3, 3, groups=3), torch.rand(3, 6, 6))
    channel_view = breakdown.channel_view(2, PLENTY, names=("red", "green", "blue"), colours=("#f00", "#0f0", "#00f"))
    assert channel_view.channel_names == ("blue",)
    assert channel_view.channel_colours == ("#00f",)
    assert not channel_view.signed_input
    with pytest.raises(IndexError):
        breakdown.channel_view(3, PLENTY)
