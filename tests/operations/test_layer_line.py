import pytest
import torch
from torch import nn

from explorer.operations.layer_line import layer_line


class Own(nn.Conv2d):
    """As libraries of networks make theirs from PyTorch's."""


LINES = {
    "nn.Conv2d(3, 8, kernel_size=3)": nn.Conv2d(3, 8, 3),
    "nn.Conv2d(3, 8, kernel_size=(3, 5), stride=2, padding=(1, 2), bias=False)": nn.Conv2d(
        3, 8, (3, 5), (2, 2), (1, 2), bias=False
    ),
    "nn.Conv2d(4, 4, kernel_size=5, padding='same', dilation=2, groups=4, padding_mode='reflect')": Own(
        4, 4, 5, 1, "same", 2, 4, padding_mode="reflect"
    ),
    "nn.ConvTranspose2d(3, 2, kernel_size=4, stride=2, padding=1, output_padding=1)": nn.ConvTranspose2d(
        3, 2, 4, 2, 1, 1
    ),
    "nn.MaxPool2d(kernel_size=3, stride=2, padding=1, ceil_mode=True)": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "nn.MaxPool2d(kernel_size=2, stride=2)": nn.MaxPool2d(2),
    "nn.AvgPool2d(kernel_size=3, stride=2, count_include_pad=False)": nn.AvgPool2d(3, 2, count_include_pad=False),
    "nn.LPPool2d(2, kernel_size=3, stride=2)": nn.LPPool2d(2, 3, 2),
    "nn.AdaptiveAvgPool2d((5, 7))": nn.AdaptiveAvgPool2d((5, 7)),
    "nn.AdaptiveMaxPool2d(1)": nn.AdaptiveMaxPool2d((1, 1)),
}


@pytest.mark.parametrize("line", LINES)
def test_the_line_makes_the_same_layer(line: str) -> None:
    layer = LINES[line]
    assert layer_line(layer) == line
    again = eval(line, {"nn": nn})
    again.load_state_dict(layer.state_dict())
    x = torch.randn(1, getattr(layer, "in_channels", 3), 14, 15)
    torch.testing.assert_close(again(x), layer(x), rtol=0, atol=0)
