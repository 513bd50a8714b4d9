"""Single operations shown exactly: which numbers make one output cell, and what settings do to the output.

Knows tensors and PyTorch's layers, no network and no page.
"""

from explorer.operations.dissection import (
    ACTIVATIONS,
    Dissection,
    Following,
    describe_following,
    dissect_module,
)
from explorer.operations.explanation import (
    SUPPORTED,
    CellExplanation,
    Operation,
    OperationUnsupported,
    describe_operation,
    explain_cell,
    output_kernels,
)
from explorer.operations.specimen import NONE, PAD, Specimen, Step
from explorer.operations.taps import without_padding

__all__ = [
    "ACTIVATIONS",
    "NONE",
    "PAD",
    "SUPPORTED",
    "CellExplanation",
    "Dissection",
    "Following",
    "Operation",
    "OperationUnsupported",
    "Specimen",
    "Step",
    "describe_following",
    "describe_operation",
    "dissect_module",
    "explain_cell",
    "output_kernels",
    "without_padding",
]
