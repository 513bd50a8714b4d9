"""Eight sessions on one model, each with another method: every heatmap as if it were alone, and nothing left behind."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from explorer.saliency import METHODS, explain, layers_for, possible_methods
from tests.anatomy.test_concurrency import assert_untouched, fingerprint

from .networks import make_input, open_model

THREADS = 8
pytestmark = pytest.mark.usefixtures("two_pictures_a_map")


def test_threads_of_mixed_methods_get_what_one_thread_gets() -> None:
    models = [open_model("tiny-vgg"), open_model("photo-net")]
    before = [fingerprint(model) for model in models]
    tasks = []
    for model in models:
        inputs = [make_input(model, 32, sample) for sample in ("coffee", "cat")]
        names = [facts.name for facts in layers_for(model, inputs[0])]
        for number, method in enumerate(possible_methods(model, inputs[0])):
            layers = (
                [None] if method == "cam" or not METHODS[method].needs_layer else [None, names[number % len(names)]]
            )
            tasks += [(model, inputs[number % 2], method, number % 10, layer) for layer in layers]
    expected = [explain(*task).values for task in tasks]
    gate = threading.Barrier(THREADS)

    def work(number: int) -> list[tuple[int, float]]:
        torch.set_num_threads(1)
        order = list(range(number % 2, len(tasks), 2))  # every task in half of the threads
        random.Random(number).shuffle(order)
        gate.wait()
        return [
            (task, float(np.abs(explain(*tasks[task]).values - expected[task]).max() / _scale(expected[task])))
            for task in order
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        results = [result for batch in pool.map(work, range(THREADS)) for result in batch]
    assert [tasks[task][2] for task, off in results if not off < 1e-5] == []
    assert {task for task, _ in results} == set(range(len(tasks)))
    for model, hash_before in zip(models, before, strict=True):
        assert_untouched(model)
        assert fingerprint(model) == hash_before


def _scale(values: np.ndarray) -> float:
    return float(np.abs(values).max()) or 1.0


def test_errors_and_stops_leave_no_trace() -> None:
    model = open_model("tiny-vgg")
    x = make_input(model)
    expected = {method: explain(model, x, method, 2).values for method in possible_methods(model, x)}
    for method in expected:
        for settings in ({"progress": lambda done, total: False}, {"layer": "classifier"}, {"target": 99}):
            try:
                explain(model, x, method, **{"target": 2, **settings})
            except (ValueError, RuntimeError):
                continue
    assert_untouched(model)
    for method, values in expected.items():
        assert np.array_equal(explain(model, x, method, 2).values, values)
    assert_untouched(model)
