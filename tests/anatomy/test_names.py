"""Names of layers where calls, functions and modules would be called the same: no layer is lost."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.anatomy import Edit, pass_through, record, summarize_layers
from explorer.saliency import explain
from explorer.zoo import VisionModel

from .networks import as_model

Step = tuple[str, str, tuple[str, ...], Tensor]
Case = tuple[VisionModel, Tensor, list[Step]]


class Network(nn.Module):
    """Names that meet; `values` says what each call gives and reads, with nothing but PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.conv_1 = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.input = nn.Conv2d(3, 3, 1)
        self.relu, self.relu_1, self.relu_3 = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.drop = nn.Dropout()

    def steps(self, x: Tensor) -> list[Step]:
        """Name, path, names of what it reads and value of every call, in order."""
        done: list[Step] = []

        def step(name: str, path: str, reads: tuple[str, ...], value: Tensor) -> Tensor:
            done.append((name, path, reads, value))
            return value

        a = step("relu_2", "", ("input",), F.relu(x))  # `relu` and `relu_1` are modules
        a = step("conv", "conv", ("relu_2",), self.conv(input=a))
        a = step("relu", "relu", ("conv",), self.relu(a))
        a = step("conv_2", "conv", ("relu",), self.conv(a))
        a = step("relu_4", "relu", ("conv_2",), self.relu(a))
        a = step("conv_1", "conv_1", ("relu_4",), self.conv_1(a))
        b = step("relu_1", "relu_1", ("conv_1",), self.relu_1(a))
        c = step("drop", "drop", ("relu_1",), self.drop(b))
        c = step("input_1", "input", ("drop",), self.input(c))  # "input" is the image
        b = step("add", "", ("input_1", "relu_1"), c + b)
        b = step("relu_5", "relu", ("add",), self.relu(b))
        b = step("conv_1_1", "conv_1", ("relu_5",), self.conv_1(b))
        b = step("relu_3", "relu_3", ("conv_1_1",), self.relu_3(b))
        step("mean", "", ("relu_3",), b.mean((2, 3)))
        return done

    def forward(self, x: Tensor) -> Tensor:
        return self.steps(x)[-1][3]


class Nested(nn.Module):
    """The same one level down."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Network()

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


def expected(network: Network, x: Tensor, nested: bool) -> list[Step]:
    """What `Network.steps` says, as the recorder names it."""
    with torch.inference_mode():
        steps = network.steps(x)
    if not nested:
        return steps
    # One level down no module is called "input": its name there is the path.
    own = {name: f"block.{'input' if name == 'input_1' else name}" for name, *_ in steps}
    return [
        (own[name], f"block.{path}".rstrip("."), tuple(own.get(read, read) for read in reads), value)
        for name, path, reads, value in steps
    ]


@pytest.fixture(params=[False, True], ids=["flat", "nested"])
def case(request: pytest.FixtureRequest) -> Case:
    network = (Nested if request.param else Network)().eval()
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    wanted = expected(network.block if isinstance(network, Nested) else network, x, nested=request.param)
    return as_model(network, classes=3), x, wanted


def test_no_layer_is_lost(case: Case) -> None:
    model, x, wanted = case
    for _ in range(2):  # the first pass of a shape states facts, later ones do not
        recording = record(model, x)
        assert [(layer.name, layer.facts.path, layer.inputs) for layer in recording] == [step[:3] for step in wanted]
        for name, _, _, value in wanted:
            assert torch.equal(recording[name].output, value[0]), name


def test_each_is_reached_by_its_name(case: Case) -> None:
    model, x, wanted = case
    for name, _, _, value in wanted:
        seen: list[Tensor] = []

        def halve(output: Tensor, seen: list[Tensor] = seen) -> Tensor:
            seen.append(output.clone())
            return output * 0.5

        with torch.inference_mode():
            logits = pass_through(model, x, name, halve)
        (output,) = seen
        assert torch.equal(output, value), name
        torch.testing.assert_close(logits[0], record(model, x, [], [Edit(name, 0.5)]).logits)


def test_a_heatmap_of_each(case: Case) -> None:
    """A convolution stands before all but the first."""
    model, x, wanted = case
    for name, *_ in wanted[1:-1]:
        assert explain(model, x, "grad-cam", 1, name).layer == name


def test_calls_are_numbered(case: Case) -> None:
    model, x, _ = case
    calls = [
        (facts.path.rpartition(".")[2], facts.call) for facts in summarize_layers(model, x) if "conv" in facts.name
    ]
    assert calls == [("conv", 0), ("conv", 1), ("conv_1", 0), ("conv_1", 1)]


class Several(nn.Module):
    """Layers that give several tensors, and tensors that are taken by their attributes."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.pool, self.unpool = nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        values, places = self.pool(self.conv(x))
        values = self.unpool(values, places)
        values, places = F.max_pool2d(values, 2, return_indices=True)
        return F.max_unpool2d(values, places, 2).mT.mean((2, 3))


def test_layers_that_give_several_tensors() -> None:
    model, x = as_model(Several(), classes=4), torch.randn(1, 3, 18, 18)
    recording = record(model, x)
    chain = ["conv", "pool", "unpool", "max_pool2d", "mean"]
    assert [(layer.name, layer.inputs) for layer in recording] == [
        (name, (before,)) for name, before in zip(chain, ["input", *chain], strict=False)
    ]
    assert torch.equal(recording["pool"].output, F.max_pool2d(recording["conv"].output, 2))
    for name in chain:  # all of them are linear or maxima of what they read: twice the one is twice the other
        twice = record(model, x, [name], [Edit(name, 2.0)])
        torch.testing.assert_close(twice[name].output, 2 * recording[name].output)
        torch.testing.assert_close(twice.logits, 2 * recording.logits)
        with torch.inference_mode():
            torch.testing.assert_close(pass_through(model, x, name, lambda output: 2 * output)[0], twice.logits)
