"""Many sessions on one network: every recording as if it were alone, and nothing left behind."""

import copy
import gc
import hashlib
import random
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torchvision.models import DenseNet

from explorer.anatomy import Edit, LayerUnknown, Recording, forward_pass, record, summarize_layers, tracing
from explorer.zoo import VisionModel, architectures

from .networks import as_model, open_random

THREADS, TASKS = 10, 60


def fingerprint(model: VisionModel) -> str:
    digest = hashlib.sha256()
    for name, tensor in model.network.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def assert_untouched(model: VisionModel) -> None:
    for module in model.network.modules():
        for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            assert not getattr(module, hooks)
        assert not module.training
        assert "forward" not in vars(module)
    for parameter in model.network.parameters():
        assert parameter.grad is None
        assert not parameter.requires_grad


def unpack(recording: Recording) -> dict[str, torch.Tensor]:
    return {"logits": recording.logits, "input": recording.input, **{layer.name: layer.output for layer in recording}}


def make_tasks(models: list[VisionModel]) -> list[tuple[VisionModel, torch.Tensor, list[str] | None, tuple[Edit, ...]]]:
    draw = random.Random(0)
    tasks = []
    for seed in range(TASKS):
        model = models[seed % len(models)]
        side = draw.choice((32, 40, 64))
        x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(seed))
        names = [facts.name for facts in summarize_layers(model, torch.zeros(1, 3, 48, 48))]
        layers = draw.choice([None, [], draw.sample(names, 3)])
        edits = draw.choice([(), (Edit(draw.choice(names[2:-3]), 0.5),), (Edit(names[0], 0.0, (0, 3)), Edit(names[1]))])
        tasks.append((model, x, layers, edits))
    return tasks


def test_threads_on_shared_models_get_what_one_thread_gets() -> None:
    models = [as_model(getattr(architectures, name)(), name) for name in ("tiny_vgg", "mini_resnet", "photo_net")]
    # DenseNet as torchvision builds it, with fewer layers: what threads could mix up is the same in each block.
    models += [as_model(DenseNet(8, (2, 2, 2, 2), 16, num_classes=10).eval(), "dense")]
    models += [open_random("shufflenet_v2_x1_0"), open_random("squeezenet1_1")]
    tasks = make_tasks(models)
    before = [fingerprint(model) for model in models]

    # Alone, each on a copy of its own, so that not even the facts of an earlier pass are shared.
    expected = []
    for model, x, layers, edits in tasks:
        alone = as_model(copy.deepcopy(model.network))
        expected.append((record(alone, x, layers, edits), summarize_layers(alone, x)))

    # Nobody has recorded on these probes yet: the first passes of many threads meet.
    for model in models:
        tracing._probes.pop(model.network, None)
    gate = threading.Barrier(THREADS)

    def work(number: int) -> list[tuple[int, bool]]:
        torch.set_num_threads(1)
        order = list(range(TASKS))
        random.Random(number).shuffle(order)
        gate.wait()
        results = []
        for task in order[: TASKS // 3]:
            model, x, layers, edits = tasks[task]
            recording, (reference, reference_facts) = record(model, x, layers, edits), expected[task]
            got, wanted = unpack(recording), unpack(reference)
            same_values = got.keys() == wanted.keys() and all(torch.equal(got[name], wanted[name]) for name in wanted)
            same_facts = [layer.facts for layer in recording] == [layer.facts for layer in reference]
            results.append((task, same_values and same_facts and summarize_layers(model, x) == reference_facts))
        return results

    with ThreadPoolExecutor(THREADS) as pool:
        results = [result for batch in pool.map(work, range(THREADS)) for result in batch]
    assert sorted(task for task, same in results if not same) == []
    assert len(results) == THREADS * (TASKS // 3)
    assert len({task for task, _ in results}) > TASKS * 0.9
    for model, hash_before in zip(models, before, strict=True):
        assert_untouched(model)
        assert fingerprint(model) == hash_before


def test_gradients_of_others_pass_by() -> None:
    """A caller who wants gradients of the same network meanwhile gets them, and no recording sees hooks of theirs."""
    model = as_model(architectures.mini_resnet())
    x = torch.randn(1, 3, 32, 32)
    expected = record(model, x).logits
    stop = threading.Event()
    wrong: list[str] = []

    def differentiate() -> None:
        torch.set_num_threads(1)
        while not stop.is_set():
            leaf = x.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(model.network(leaf).sum(), leaf)
            if not gradient.abs().sum() > 0:
                wrong.append("no gradient")

    thread = threading.Thread(target=differentiate)
    thread.start()
    try:
        for _ in range(20):
            assert torch.equal(record(model, x).logits, expected)
    finally:
        stop.set()
        thread.join()
    assert wrong == []
    assert_untouched(model)


class Fragile(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        if x.shape[-1] < 10:
            raise RuntimeError("too small")
        return self.head(x.mean((2, 3)))


def test_a_pass_that_fails_leaves_no_trace() -> None:
    model = as_model(Fragile(), classes=2)
    good, bad = torch.randn(1, 3, 20, 20), torch.randn(1, 3, 8, 8)
    expected = unpack(record(as_model(copy.deepcopy(model.network)), good))
    for attempt in (
        lambda: record(model, bad),
        lambda: record(model, good, ["no such"]),
        lambda: record(model, good, edits=[Edit("stem.0", 0.0, (9,))]),
    ):
        with pytest.raises((RuntimeError, LayerUnknown, ValueError)):
            attempt()
        got = unpack(record(model, good))
        assert got.keys() == expected.keys()
        assert all(torch.equal(got[name], expected[name]) for name in expected)
        assert forward_pass.current_pass.get() is None
    assert_untouched(model)


def test_a_forgotten_network_is_forgotten() -> None:
    model = as_model(Fragile(), classes=2)
    record(model, torch.randn(1, 3, 20, 20))
    network = weakref.ref(model.network)
    assert network() in tracing._probes
    del model
    gc.collect()
    assert network() is None
