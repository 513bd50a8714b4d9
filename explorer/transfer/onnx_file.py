"""A trained network as an ONNX file: pixels in, logits out, and all that a reader needs to know in its metadata.

The normalisation is part of the graph: a reader who gives pixels between 0 and 1 cannot get mean and deviation wrong.
What is left to do before (resizing, fitting into the square, the order of the channels) is named in the metadata.

PyTorch's exporter changes `nn.Module.__call__` for the whole process while it looks at a network, so a server, where
others use theirs at the same moment, exports in a process of its own: `onnx_in_a_process`.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from explorer.transfer.exporting import describe_preprocessing
from explorer.zoo import VisionModel, load_model

INPUT: Final = "pixels"
OUTPUT: Final = "logits"
OPSET: Final = 20
_MOST_BYTES: Final = 2**31 - 1  # of one protobuf message
_SECONDS: Final = 600.0
_ROOT = Path(__file__).parents[2]


class ExportFailed(RuntimeError):
    """The network cannot be written as ONNX; the message says so in one sentence."""


class _FromPixels(nn.Module):
    """A network with its normalisation before it."""

    mean: Tensor
    std: Tensor

    def __init__(self, model: VisionModel) -> None:
        super().__init__()
        self.network = copy.deepcopy(model.network).cpu().float()
        preprocessing = model.preprocessing
        self.register_buffer("mean", torch.tensor(preprocessing.mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(preprocessing.std).view(3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """From (B, 3, S, S) between 0 and 1 to logits (B, K)."""
        return self.network((pixels - self.mean) / self.std)


def as_onnx(model: VisionModel) -> bytes:
    """Write a network as ONNX.

    The graph takes "pixels" (B, 3, S, S), float32 RGB between 0 and 1 for any B, and gives "logits" (B, K). The
    metadata are strings: "network", "classes" (a JSON list) and "preprocessing" (JSON: what to do before).

    Not for a server that does other things meanwhile: see the module.

    Args:
        model: in evaluation mode, as `load_model` gives it.

    Raises:
        ExportFailed: the network does something that cannot be written, or is larger than 2 GB.
    """
    import onnx  # with its exporter, seconds of import that nothing else needs

    side = model.preprocessing.size
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter tells of its own insides
            program = torch.onnx.export(
                _FromPixels(model).eval(),
                (torch.rand(2, 3, side, side),),  # two: a batch of one would be taken for a constant
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes={INPUT: {0: torch.export.Dim("batch")}},
                verbose=False,
            )
        assert program is not None
        proto = program.model_proto
        _forget_origin(proto)
        proto.producer_name, proto.doc_string = "CNN and attention explorer", f"{model.title}: {_SAID}"
        onnx.helper.set_model_props(proto, describe_for_onnx(model))
        if proto.ByteSize() > _MOST_BYTES:
            raise ExportFailed(f"{model.title} is larger than the 2 GB that one ONNX file can hold.")
        onnx.checker.check_model(proto, full_check=True)
    except ExportFailed:
        raise
    except Exception as error:  # the exporter raises whatever its many parts do
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ExportFailed(f"{model.title} cannot be written as ONNX ({reason[:200]}).") from error
    return proto.SerializeToString()


_SAID = "RGB pixels between 0 and 1 in, logits out; see the metadata for what comes before."


def describe_for_onnx(model: VisionModel) -> dict[str, str]:
    """The metadata of its file."""
    before = {
        **describe_preprocessing(model.preprocessing),
        "channels": "RGB",
        "range": [0, 1],
        "normalised_by": "the graph",
    }
    return {"network": model.name, "classes": json.dumps(model.classes), "preprocessing": json.dumps(before)}


def _forget_origin(proto: Any) -> None:
    """Take out where each node comes from: lines and paths of the machine that exported it."""
    graph = proto.graph
    parts: list[Any] = [graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]
    for function in proto.functions:
        parts += [function, *function.node, *function.value_info]
    for part in parts:
        del part.metadata_props[:]
        part.ClearField("doc_string")


def onnx_in_a_process(network: str, weights: bytes, seconds: float = _SECONDS) -> bytes:
    """`as_onnx` of a network with a person's weights, in a process of its own.

    Args:
        network: name for `load_model`.
        weights: of its safetensors file.
        seconds: after which it is given up.

    Raises:
        ExportFailed: as for `as_onnx`, or the process ended early.
    """
    with tempfile.TemporaryDirectory(prefix="onnx-") as folder:
        source, target = Path(folder, "weights.safetensors"), Path(folder, "network.onnx")
        source.write_bytes(weights)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "explorer.transfer.onnx_file", network, str(source), str(target)],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ExportFailed(f"{network} was not written as ONNX within {seconds:.0f} s.") from None
        if done.returncode != 0 or not target.is_file():
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason was given"]
            raise ExportFailed(last[0] if done.returncode == 2 else f"{network} was not written as ONNX ({last[0]}).")
        return target.read_bytes()


def main(arguments: Sequence[str]) -> int:
    """`python -m explorer.transfer.onnx_file NETWORK WEIGHTS TARGET`; 2 and a sentence where it cannot be."""
    network, source, target = arguments
    try:
        model = load_model(network, "cpu", Path(source).read_bytes())
        Path(target).write_bytes(as_onnx(model))
    except ExportFailed as failed:
        print(failed, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
