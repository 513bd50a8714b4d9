"""Forward passes on a cluster: the machines that `EXPLORER_SERVE` names are asked, and what they do not answer is done
here. The other side is `explorer.serving`.

Both ways it is a safetensors file over HTTP: nothing that is unpickled, and nothing of Ray in the dashboard.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any
from weakref import WeakKeyDictionary

from safetensors.torch import save
from torch import Tensor, nn

from explorer.zoo.weights import WeightsRejected, read_weights

PIXELS = 64 * 128 * 128
"""Of one pass: 64 pictures of 128 x 128, 20 of 224 x 224. More would take gigabytes in a large network."""
MAP_BYTES = 16 * 2**20
"""Of all maps of one answer: more are sooner computed than sent."""
_TRIES = 4  # at other machines in turn: one that has just been lost may be asked twice before the cluster knows it
_SECONDS = 20.0  # for an answer; a network may have to be read from the disk first
_PAUSE = 30.0  # seconds without asking again, once nobody has answered

_offered: WeakKeyDictionary[nn.Module, dict[str, Any]] = WeakKeyDictionary()
_paused_until = 0.0  # of time.monotonic
_log = logging.getLogger(__name__)


def describe_network(name: str, card: Mapping[str, Any], classes: int, seed: int | None = None) -> dict[str, Any]:
    """What a machine needs to know to open the same network.

    Args:
        name: in the zoo.
        card: of the network; its digest tells a machine with other weights.
        classes: length of the logits.
        seed: of random weights.
    """
    digest = hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()
    return {"name": name, "seed": seed, "classes": classes, "card": digest}


def offer(network: nn.Module, description: dict[str, Any]) -> None:
    """Let the passes of this very module be asked for elsewhere. A changed copy is another module, and stays here."""
    _offered[network] = description


def is_offered(network: nn.Module) -> bool:
    """Whether somebody else could do its passes now."""
    return bool(os.environ.get("EXPLORER_SERVE")) and network in _offered and time.monotonic() >= _paused_until


def ask(
    network: nn.Module, x: Tensor, layers: Sequence[str] = (), edits: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Tensor] | None:
    """The cluster's answer for a batch; None where the pass has to be done here.

    Args:
        network: of the zoo.
        x: (N, 3, H, W), at most `PIXELS` pixels; with layers or edits N is 1.
        layers: names of those whose output is wanted.
        edits: the attributes of each `explorer.anatomy.Edit`.

    Returns:
        "logits" (N, classes), and the outputs without the batch by the layers' names; on the CPU.
    """
    global _paused_until
    if not is_offered(network):
        return None
    wanted = {**_offered[network], "layers": list(layers), "edits": list(edits)}
    body = save({"x": x.detach().float().cpu().contiguous()}, {"request": json.dumps(wanted)})
    addresses = [each.strip().rpartition("://")[2].rstrip("/") for each in os.environ["EXPLORER_SERVE"].split(",")]
    first = random.Random().randrange(len(addresses))
    problem: Exception | str = ""
    for attempt in range(_TRIES):
        try:
            status, answer = _post(addresses[(first + attempt) % len(addresses)], body)
            if status == 200:
                return _read(answer, len(x), wanted)
        except (OSError, HTTPException, ValueError) as error:
            problem = error
            continue
        if status == 400:  # it is there and cannot do this one: other weights, a size that no pass gets through
            return None
        problem = answer.decode(errors="replace").strip()[:200]
    _paused_until = time.monotonic() + _PAUSE
    _log.warning(
        "EXPLORER_SERVE=%s does not answer (%s): forward passes are done here, and it is asked again in %.0f s.",
        os.environ["EXPLORER_SERVE"],
        problem,
        _PAUSE,
    )
    return None


def _post(address: str, body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection(address, timeout=_SECONDS)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _read(answer: bytes, count: int, wanted: Mapping[str, Any]) -> dict[str, Tensor]:
    found, _ = read_weights(answer)
    if not found.keys() >= {"logits", *wanted["layers"]} or found["logits"].shape != (count, wanted["classes"]):
        raise WeightsRejected("It has answered something else.")
    return found
