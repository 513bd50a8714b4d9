"""Single operations shown exactly: which numbers make one output cell, and what settings do to the output.

Knows tensors and PyTorch's layers, no network and no page.
"""

from explorer.operations.channel_view import NONE, PAD, ChannelView, Step
from explorer.operations.explanation import (
    SUPPORTED,
    CellExplanation,
    Operation,
    OperationUnsupported,
    describe_operation,
    explain_cell,
    output_kernels,
)
from explorer.operations.layer_breakdown import (
    ACTIVATIONS,
    Following,
    LayerBreakdown,
    break_down_module,
    describe_following,
)
from explorer.operations.window_indices import without_padding

__all__ = [
    "ACTIVATIONS",
    "NONE",
    "PAD",
    "SUPPORTED",
    "CellExplanation",
    "ChannelView",
    "Following",
    "LayerBreakdown",
    "Operation",
    "OperationUnsupported",
    "Step",
    "break_down_module",
    "describe_following",
    "describe_operation",
    "explain_cell",
    "output_kernels",
    "without_padding",
]
