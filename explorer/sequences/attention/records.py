"""How a date was written, as named arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.sequences.attention.steps import Run


def run_arrays(run: Run) -> dict[str, NDArray[Any]]:
    """Everything of a run: T characters read, ten written, states of 64; what concerns attention only where it is."""
    steps = run.steps
    arrays: dict[str, NDArray[Any]] = {
        "text": np.array(run.reading.text, dtype=np.str_),
        "written": np.array(run.text, dtype=np.str_),
        "probability": np.array(run.probability),
        "encoder_states": run.states,
        "asking_states": np.stack([step.asking for step in steps]),
        "contexts": np.stack([step.context for step in steps]),
        "decoder_states": np.stack([step.state for step in steps]),
        "logits": np.stack([step.logits for step in steps]),
        "probabilities": np.stack([step.probabilities for step in steps]),
    }
    if run.keys is not None:
        arrays |= {"keys": run.keys, "weights": run.weights}
        for name in ("query", "scores", "own_weights"):
            arrays[name] = np.stack([getattr(step, name) for step in steps])
    return arrays
