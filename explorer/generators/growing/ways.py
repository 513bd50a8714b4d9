"""Three layers that double the height and the width of maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from torch import nn

Name = Literal["k3", "k4", "resize"]


@dataclass(frozen=True)
class Way:
    """One of them.

    Attributes:
        title: for people.
        short: the same where there is little room.
        side: of the kernel.
        output_padding: of the transposed convolution; None where the map is resized first.
        line: what makes it in PyTorch, for maps of `a` and then of `b` channels.
    """

    title: str
    short: str
    side: int
    output_padding: int | None
    line: str

    def build(self, channels: int, filters: int) -> list[nn.Module]:
        """PyTorch's layers, with their first weights."""
        if self.output_padding is None:
            return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, filters, self.side, padding=1)]
        return [nn.ConvTranspose2d(channels, filters, self.side, 2, 1, self.output_padding)]


WAYS: Final[Mapping[Name, Way]] = {
    "k3": Way(
        "transposed, kernel 3, stride 2", "kernel 3", 3, 1, "nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1)"
    ),
    "k4": Way("transposed, kernel 4, stride 2", "kernel 4", 4, 0, "nn.ConvTranspose2d(a, b, 4, 2, 1)"),
    "resize": Way(
        "resize, then convolve", "resizing", 3, None, "nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1)"
    ),
}
