"""`served.ask` without a cluster: where nobody answers, or somebody else does; and what comes in, checked."""

import copy
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save
from torch import Tensor

from explorer.anatomy import LayerUnknown, record
from explorer.serving.request import PassRequest, RequestRefused
from explorer.zoo import VisionModel, load_model, random_model, served


class Machine(ThreadingHTTPServer):
    """One that answers as it is told, in turn: with a status alone, with bytes, or, for 200, with the pass."""

    def __init__(self, *answers: int | bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked = list(answers), 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Machine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers[min(self.server.asked, len(self.server.answers) - 1)]
        self.server.asked += 1
        self.send_response(200 if isinstance(answer, bytes) else answer)
        self.end_headers()
        self.wfile.write(_pass(body) if answer == 200 else answer if isinstance(answer, bytes) else b"a reason")

    def log_message(self, *_arguments: object) -> None:
        pass


def _pass(body: bytes) -> bytes:
    asked = PassRequest.read(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EXPLORER_SERVE")
        return save(asked.record(asked.open()))


@pytest.fixture
def model() -> VisionModel:
    return load_model("tiny-vgg", "cpu")


@pytest.fixture
def x() -> Tensor:
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "_paused_until", 0.0)


@pytest.fixture
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    with Machine(*request.param) as machine:
        threading.Thread(target=machine.serve_forever, daemon=True).start()
        monkeypatch.setenv("EXPLORER_SERVE", f"http://{machine.address}/")
        yield machine
        machine.shutdown()


def pass_here(model: VisionModel, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return model.network(x.clone())


def test_where_nobody_listens_it_is_done_here_and_said_once(
    model: VisionModel, x: Tensor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EXPLORER_SERVE", "127.0.0.1:9, 127.0.0.1:10")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert torch.equal(model.logits(x), pass_here(model, x))
            assert torch.equal(record(model, x, ["classifier"]).logits, pass_here(model, x)[0])
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("EXPLORER_SERVE=127.0.0.1:9, 127.0.0.1:10 does not answer (")
    assert caplog.messages[0].endswith("): forward passes are done here, and it is asked again in 30 s.")


@pytest.mark.parametrize("machine", [(500, 503, 200)], indirect=True)
def test_what_fails_is_asked_again(machine: Machine, model: VisionModel, x: Tensor) -> None:
    assert torch.equal(model.logits(x), pass_here(model, x))
    assert machine.asked == 3
    assert served.is_offered(model.network)


@pytest.mark.parametrize(
    "machine",
    [
        (500,),
        (404,),
        (b"<html>another server</html>",),
        (save({"logits": torch.zeros(2, 10)}),),
        (save({"logits": torch.zeros(1, 9)}),),
        (save({"other": torch.zeros(1, 10)}),),
    ],
    indirect=True,
)
def test_what_goes_on_failing_or_is_no_answer_is_given_up(machine: Machine, model: VisionModel, x: Tensor) -> None:
    for _ in range(2):
        assert torch.equal(model.logits(x), pass_here(model, x))
    assert machine.asked == 4


@pytest.mark.parametrize("machine", [(400,)], indirect=True)
def test_what_it_cannot_do_is_done_here_and_it_is_asked_the_next(
    machine: Machine, model: VisionModel, x: Tensor
) -> None:
    for count in (1, 2):
        assert torch.equal(model.logits(x), pass_here(model, x))
        assert machine.asked == count


@pytest.mark.parametrize("machine", [(200,)], indirect=True)
def test_only_what_a_name_and_a_seed_say_is_asked(machine: Machine, model: VisionModel, x: Tensor) -> None:
    weights = save(dict(model.network.state_dict()))
    changed = copy.deepcopy(model.network)
    for network in (changed, load_model("tiny-vgg", "cpu", weights).network):
        assert served.ask(network, x) is None
    assert record(model, x, ["classifier"], inputs=True)["classifier"].read is not None  # what layers read is not sent
    with pytest.raises(LayerUnknown, match="'nowhere'"):
        record(model, x, ["nowhere"])
    assert machine.asked == 0
    random = random_model("tiny-vgg", 7, seed=5)
    assert torch.equal(random.logits(x), pass_here(random, x))
    assert machine.asked == 1


@pytest.mark.parametrize("machine", [(200,)], indirect=True)
def test_maps_that_are_too_many_stay_here(
    machine: Machine, model: VisionModel, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(record(model, x)) > 10
    assert machine.asked == 1
    monkeypatch.setattr("explorer.zoo.served.MAP_BYTES", 1000)
    assert len(record(model, x)) > 10
    assert machine.asked == 1


def make(**changes: object) -> bytes:
    wanted = {"name": "tiny-vgg", "seed": 0, "classes": 10, "card": "", "layers": [], "edits": []}
    x = changes.pop("x", torch.zeros(1, 3, 32, 32))
    assert isinstance(x, Tensor)
    return save({"x": x}, {"request": json.dumps({**wanted, **changes})})


EDIT = {"layer": "classifier", "scale": 0.0, "channels": None}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no request"),
        (b"\x80\x04junk", "pickle"),
        (save({"x": torch.zeros(1, 3, 8, 8)}), "no request"),
        (save({"x": torch.zeros(1, 3, 8, 8)}, {"request": "[" * 5000}), "no request"),
        (save({"x": torch.zeros(1, 3, 8, 8)}, {"request": "[]"}), "no request"),
        (save({"x": torch.zeros(1), "y": torch.zeros(1)}, {"request": "{}"}), "no request"),
        (make(x=torch.zeros(3, 32, 32)), r"not \(3, 32, 32\)"),
        (make(x=torch.zeros(1, 1, 32, 32)), r"not \(1, 1, 32, 32\)"),
        (make(x=torch.zeros(0, 3, 32, 32)), r"not \(0, 3"),
        (make(x=torch.zeros(1, 3, 1025, 1024)), "at most 1048576 pixels"),
        (make(x=torch.zeros(1, 3, 8, 8, dtype=torch.int64)), "float32"),
        (make(name="../tiny-vgg"), "no network of that name"),
        (make(name=["tiny-vgg"]), "no network of that name"),
        (make(classes=10**9), "1 to 10000 classes"),
        (make(classes="10"), "1 to 10000 classes"),
        (make(seed=-1), "a seed of 0 or more"),
        (make(seed=2**70), "a seed of 0 or more"),
        (make(layers=["classifier"], x=torch.zeros(2, 3, 32, 32)), "one picture"),
        (make(layers=[1]), "named by texts"),
        (make(layers=5), "no request"),
        (make(edits=[{**EDIT, "scale": float("nan")}]), "finite number"),
        (make(edits=[{**EDIT, "scale": "0"}]), "finite number"),
        (make(edits=[{}]), "no request"),
    ],
)
def test_what_is_no_request_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(RequestRefused, match=said):
        PassRequest.read(body)


def test_what_cannot_be_done_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.serving.request.MAP_BYTES", 100_000)
    with pytest.raises(RequestRefused, match="other weights here"):
        PassRequest.read(make()).open()
    model = random_model("tiny-vgg")
    for changes, said in (
        ({"layers": ["nowhere"]}, "nowhere"),
        ({"edits": [{**EDIT, "channels": [99]}]}, "99"),
        ({"edits": [{**EDIT, "channels": ["a"]}]}, "a"),
        ({"layers": ["features.conv1_1", "features.relu1_1"], "x": torch.zeros(1, 3, 64, 64)}, "bytes"),
    ):
        with pytest.raises(RequestRefused, match=said):
            PassRequest.read(make(**changes)).record(model)


def test_equal_network_and_size_share_one_forward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray.serve", exc_type=ImportError)
    from explorer.serving.service import ForwardPasses

    passes: list[tuple[str, tuple[int, ...]]] = []
    logits = VisionModel.logits

    def count(model: VisionModel, x: Tensor) -> Tensor:
        passes.append((model.name, tuple(x.shape)))
        return logits(model, x)

    monkeypatch.setattr(VisionModel, "logits", count)
    models = {name: load_model(name, "cpu") for name in ("tiny-vgg", "mini-resnet")}
    asked, wanted = [], []
    for name, number, side in (
        ("tiny-vgg", 1, 32),
        ("mini-resnet", 2, 32),
        ("tiny-vgg", 3, 32),
        ("tiny-vgg", 1, 40),
        ("mini-resnet", 1, 32),
    ):
        x = torch.randn(number, 3, side, side)
        described = served._offered[models[name].network]
        asked.append(
            PassRequest.read(save({"x": x}, {"request": json.dumps({**described, "layers": [], "edits": []})}))
        )
        wanted.append(pass_here(models[name], x))
    asked.append(PassRequest.read(make()))  # of other weights: no other one suffers
    answers = ForwardPasses().pass_together(asked)
    assert passes == [("tiny-vgg", (4, 3, 32, 32)), ("mini-resnet", (3, 3, 32, 32)), ("tiny-vgg", (1, 3, 40, 40))]
    assert isinstance(answers.pop(), RequestRefused)
    assert [int(answer["together"]) for answer in answers] == [2, 2, 2, 1, 2]
    for answer, expected in zip(answers, wanted, strict=True):
        torch.testing.assert_close(answer["logits"], expected, rtol=1e-5, atol=1e-5)
