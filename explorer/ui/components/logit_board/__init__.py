"""A board of logits to drag: their powers, the softmax, a loss and its gradient by every logit, all while one drags.

The arithmetic is in `shared/losses.js`; component.js draws it.
"""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from explorer.ui.components.losses import LOSSES_JS
from explorer.ui.components.mounting import keep_event, mount

_mount = mount(Path(__file__).parent, ("../shared/elements.js",), constants=LOSSES_JS)


def logit_board(
    *,
    names: Sequence[str],
    logits: Sequence[float],
    shown: Sequence[int],
    truth: int,
    loss: str,
    temperature: float,
    constant: float,
    fixed: bool,
    key: str,
) -> tuple[float, ...] | None:
    """Shows the board, and gives the logits once a bar of it was moved since the last run, once.

    Args:
        names: Of the classes, untrusted text.
        logits: One for each class.
        shown: Classes that have a row of their own, from the top; the others share the last row.
        truth: The class that is called true.
        loss: A name in `explorer.neurons.losses.LOSSES`.
        temperature, constant: The softmax is that of (logits + constant) / temperature.
        fixed: Whether the logits are a network's, which nobody can drag.
        key: Of the element, unique on the page.

    Returns:
        One logit for each class, or None. The caller keeps them.
    """
    result = _mount(
        data={
            "names": [names[k] for k in shown],
            "logits": [float(z) for z in logits],
            "shown": list(shown),
            "truth": truth,
            "loss": loss,
            "temperature": temperature,
            "constant": constant,
            "fixed": fixed,
        },
        key=key,
        on_logits_change=keep_event,
    )
    return read_logits(result.get("logits"), len(logits))


def read_logits(sent: Any, count: int) -> tuple[float, ...] | None:
    """What a browser sent, as logits; None where it is none."""
    if not isinstance(sent, list) or len(sent) != count:
        return None
    if not all(isinstance(each, (int, float)) and isfinite(each) for each in sent):
        return None
    return tuple(float(each) for each in sent)
