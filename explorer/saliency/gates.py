"""Channel gates in numbers and words: how many are open, how many shut, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explorer.saliency.attention.weights import channel_gates
from explorer.text import count_text, significant
from explorer.zoo import VisionModel

SHUT, OPEN = 0.1, 0.9  # below the one and above the other we call a gate so


@dataclass(frozen=True)
class GateSummary:
    """The gates of one block.

    Attributes:
        block: its path.
        gates: (C,) 0 to 1.
    """

    block: str
    gates: NDArray[np.float32]

    @property
    def shut(self) -> int:
        """How many let hardly anything through."""
        return int((self.gates < SHUT).sum())

    @property
    def open(self) -> int:
        """How many let nearly everything through."""
        return int((self.gates > OPEN).sum())

    @property
    def ordered(self) -> NDArray[np.intp]:
        """Channels, the most open first."""
        return np.argsort(-self.gates, kind="stable")

    def describe(self) -> str:
        """One line about it, short enough for a phone."""
        return f"{self.block} · mean {significant(self.gates.mean())} · {self.shut} of {len(self.gates)} shut"

    def table_row(self) -> dict[str, str | int]:
        """The block in numbers, by the titles of a table's columns."""
        most, least = (f"{channel} ({significant(self.gates[channel])})" for channel in self.ordered[[0, -1]])
        return {
            "block": self.block,
            "channels": len(self.gates),
            "mean gate": significant(self.gates.mean()),
            "most open channel": most,
            "most shut channel": least,
            f"shut, below {SHUT}": self.shut,
            f"open, above {OPEN}": self.open,
        }


def summarize_gates(model: VisionModel, x: Tensor) -> tuple[GateSummary, ...]:
    """Every block's gates for one picture (1, 3, H, W), in execution order."""
    return tuple(GateSummary(each.block, each.values.float().cpu().numpy()) for each in channel_gates(model, x))


def describe_gates(blocks: Sequence[GateSummary]) -> str:
    """What the gates of all blocks say together."""
    total = sum(len(each.gates) for each in blocks)
    shut, open_ = sum(each.shut for each in blocks), sum(each.open for each in blocks)
    choosy = max(blocks, key=lambda each: float(each.gates.std()))
    return (
        f"Of {count_text(total, 'gate')}, {shut:,} are shut on this photo (below {SHUT}) and {open_:,} open (above "
        f"{OPEN}). {choosy.block} tells its channels apart most: {significant(choosy.gates.min())} to "
        f"{significant(choosy.gates.max())}."
    )
