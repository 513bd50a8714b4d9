"""Damaged and strange safetensors files open as a network or are refused in one sentence, and nothing else happens."""

import json
import re
import struct
import warnings
from random import Random
from typing import Any

import torch

from explorer.text import can_be_shown
from explorer.zoo import WeightsRejected, load_model, random_model
from explorer.zoo.weights import WRAPPERS

from ..zoo.making import as_bytes, as_torch_file
from .damaging import EDGES, damage, seeds, try_each

NAME = "tiny-vgg"
STATE = random_model(NAME, 3).network.state_dict()
KEYS = sorted(STATE)
KINDS = (
    *(torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.int64),
    *(torch.bool, torch.complex64, torch.uint16),
)
MORE = ("epoch", "head.hidden.weight", "aux1.fc.weight", "*star*", "é" * 300)
SHAPES = ((), (0,), (1,), (3, 0), (0, 3), (5, 1, 1, 1), (2, 3, 4, 5, 6))
CLASSES = ('["a", "b", "c"]', '["a"]', '{"a": 1}', "[1, 2, 3]", "[" * 9000, '["\\ud800", "", "b"]', "", "null")


def test_strange_weights_open_or_are_refused() -> None:
    def check(random: Random) -> None:
        data = make(random)
        if random.random() < 0.4:
            data = damage(data, random) if random.random() < 0.5 else bend_the_header(data, random)
        open_or_refuse(data)

    try_each(seeds(50), check)


def make(random: Random) -> bytes:
    """Weights of a small network, changed as people's own files differ."""
    state = dict(STATE)
    for _ in range(random.randint(0, 2)):
        key = random.choice(KEYS)
        match random.choice(("kind", "shape", "drop", "more", "odd", "cut")):
            case "kind":
                state[key] = STATE[key].to(random.choice(KINDS))
            case "shape":
                state[key] = torch.zeros(random.choice(SHAPES))
            case "drop":
                state.pop(key, None)
            case "more":
                state[random.choice(MORE)] = STATE[key].clone()
            case "odd":
                state[key] = torch.full_like(STATE[key], random.choice((float("nan"), float("inf"), 1e38)))
            case "cut":
                state["head.hidden.weight"] = torch.zeros(random.choice(((4, 5), (0, 5), (5, 0))))
    prefix = "".join(random.choice(WRAPPERS) for _ in range(random.choice((0, 0, 0, 1, 2, 6))))
    metadata = {"classes": random.choice(CLASSES)} if random.random() < 0.5 else {}
    if random.random() < 0.1:
        metadata["cut"] = random.choice((KEYS[0].rsplit(".", 1)[0], "", "nowhere", ".", "x" * 9000))
    state = {prefix + key: value for key, value in state.items()}
    return as_torch_file(state, legacy=random.random() < 0.5) if random.random() < 0.05 else as_bytes(state, metadata)


def bend_the_header(data: bytes, random: Random) -> bytes:
    """Another kind, shape or place of a tensor, or something else altogether, in a header that can be read."""
    (length,) = struct.unpack_from("<Q", data)
    try:
        header: dict[str, Any] = json.loads(data[8 : 8 + length])
    except ValueError:  # a pickle
        return data
    key = random.choice([*header])
    number = random.choice((-1, 0, 1, 2**31, 2**62, 2**64, 10**400, 0.5, random.choice(EDGES)))
    value = random.choice((number, None, "F32", [], {}, [number], [number, number], "F4", "F8_E8M0", "I128"))
    if isinstance(header[key], dict) and random.random() < 0.8:
        header[key][random.choice(("dtype", "shape", "data_offsets", "classes", "more"))] = value
    else:
        header[key] = value
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


def open_or_refuse(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = load_model(NAME, "cpu", data)
        except WeightsRejected as rejection:
            assert re.fullmatch(r"[A-Z][^\n]*\.", str(rejection))  # noqa: PT017
        else:
            assert model.network(torch.zeros(1, 3, 32, 32)).shape == (1, len(model.classes))
            assert all(map(can_be_shown, model.classes))
