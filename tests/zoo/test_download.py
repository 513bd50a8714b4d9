"""Official weights over HTTP, from a server of our own on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision import models

from explorer.zoo import WeightsRejected, WeightsUnavailable, load_model, loading
from explorer.zoo.download import cached_path, ensure_downloaded, is_cached, is_whole

BODY = bytes(range(256)) * 20_000  # 5 MB: several blocks
DIGEST = hashlib.sha256(BODY).hexdigest()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if "missing" in self.path:
            self.send_error(404)
            return
        if "rude" in self.path:
            self.wfile.write(b"what do you want?\n")
            self.close_connection = True
            return
        self.send_response(200)
        if "unsized" not in self.path:
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[: len(BODY) // 2] if "short" in self.path else BODY)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch-home"))
    return tmp_path / "torch-home" / "hub" / "checkpoints"


def url_of(server: ThreadingHTTPServer, name: str) -> str:
    return f"http://127.0.0.1:{server.server_port}/models/{name}"


def test_download_with_progress_then_from_the_cache(server: ThreadingHTTPServer, cache: Path) -> None:
    url = url_of(server, f"net-{DIGEST[:8]}.pth")  # no file that torch could read: known by its digest
    steps: list[tuple[int, int]] = []
    path = ensure_downloaded("net", url, lambda done, total: steps.append((done, total)))
    assert path == cached_path(url) == cache / f"net-{DIGEST[:8]}.pth"
    assert path.read_bytes() == BODY
    assert len(steps) > 1
    assert steps == sorted(steps)
    assert steps[-1] == (len(BODY), len(BODY))
    assert all(total == len(BODY) for _, total in steps)
    assert ensure_downloaded("net", url) == path
    assert len(server.asked) == 1
    assert list(cache.iterdir()) == [path]


def test_the_cache_is_torchvisions(cache: Path) -> None:
    url = models.MobileNet_V2_Weights.DEFAULT.url
    assert cached_path(url).parent == Path(torch.hub.get_dir()) / "checkpoints" == cache
    cache.mkdir(parents=True)
    torch.save({"here": torch.ones(1)}, cached_path(url))
    assert torch.hub.load_state_dict_from_url(url, progress=False).keys() == {"here"}


def test_a_server_that_does_not_say_how_much(server: ThreadingHTTPServer, cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    url = url_of(server, f"unsized-{DIGEST[:8]}.pth")
    assert ensure_downloaded("net", url, lambda *step: steps.append(step)).read_bytes() == BODY
    assert {total for _, total in steps} == {0}


@pytest.mark.parametrize("name", ["net-00000000.pth", f"short-{DIGEST[:8]}.pth", "short.pth"])
def test_a_damaged_download_leaves_nothing(server: ThreadingHTTPServer, cache: Path, name: str) -> None:
    with pytest.raises(WeightsUnavailable, match=r"my_net's weights came damaged"):
        ensure_downloaded("my_net", url_of(server, name))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("name", ["missing.pth", "rude.pth"])
def test_a_server_that_has_nothing(server: ThreadingHTTPServer, cache: Path, name: str) -> None:
    with pytest.raises(WeightsUnavailable, match="my_net"):
        ensure_downloaded("my_net", url_of(server, name))
    assert list(cache.iterdir()) == []


def test_progress_that_stops_the_download_leaves_nothing(server: ThreadingHTTPServer, cache: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_downloaded("net", url_of(server, f"net-{DIGEST[:8]}.pth"), stop)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("left", [BODY[:-1], BODY[:1000], b"", b"x" * len(BODY)])
def test_a_file_that_was_cut_short_is_downloaded_again(server: ThreadingHTTPServer, cache: Path, left: bytes) -> None:
    cache.mkdir(parents=True)
    path = cache / f"net-{DIGEST[:8]}.pth"
    path.write_bytes(left)
    assert not is_whole(path)
    assert ensure_downloaded("net", url_of(server, path.name)) == path
    assert path.read_bytes() == BODY
    assert is_whole(path)


def test_weights_converted_from_elsewhere_are_taken_and_those_of_another_network_named(cache: Path) -> None:
    cache.mkdir(parents=True)
    path = cached_path(models.SqueezeNet1_1_Weights.DEFAULT.url)
    state = models.squeezenet1_1().state_dict()
    torch.save(state, path)
    model = load_model("squeezenet1_1", device="cpu")
    assert all(torch.equal(value, state[key]) for key, value in model.network.state_dict().items())
    torch.save({"other.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsRejected, match=r"another network: remove squeezenet1_1-b8a52dc0\.pth there"):
        load_model("squeezenet1_1", device="cpu")
    data = path.read_bytes()
    for cut in (1, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        assert not is_whole(path)


def test_a_damaged_file_without_a_connection_is_one_clear_sentence(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = models.SqueezeNet1_1_Weights.DEFAULT
    cache.mkdir(parents=True)
    cached_path(official.url).write_bytes(b"PK\3\4 half a file")
    assert not is_cached("squeezenet1_1")
    nowhere = f"http://127.0.0.1:{free_port()}/{cached_path(official.url).name}"
    monkeypatch.setattr(loading, "ensure_downloaded", lambda name, _url, progress: ensure_downloaded(name, nowhere))
    with pytest.raises(WeightsUnavailable) as caught:
        load_model("squeezenet1_1", device="cpu")
    said = str(caught.value)
    assert said.startswith(
        "The weights of squeezenet1_1 are damaged on this machine (squeezenet1_1-b8a52dc0.pth in torchvision's cache) "
        "and could not be downloaded again ("
    )
    assert str(cache) not in said
    assert cached_path(official.url).read_bytes() == b"PK\3\4 half a file"


def free_port() -> int:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.server_close()
    return server.server_port


def test_offline_is_one_clear_sentence(cache: Path) -> None:
    with pytest.raises(WeightsUnavailable) as caught:
        ensure_downloaded("my_net", f"http://127.0.0.1:{free_port()}/net.pth", timeout=2)
    message = str(caught.value)
    assert "my_net" in message
    assert "shipped networks work offline" in message
    assert "\n" not in message
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ThreadingHTTPServer
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsUnavailable, match=r"my_net .* \((Not a directory|File exists)\)") as caught:
        ensure_downloaded("my_net", url_of(server, f"net-{DIGEST[:8]}.pth"))
    assert str(tmp_path) not in str(caught.value)


def test_load_model_offline_names_the_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/squeezenet1_1-b8a52dc0.pth"
    monkeypatch.setattr(loading, "ensure_downloaded", lambda name, _url, progress: ensure_downloaded(name, nowhere))
    with pytest.raises(WeightsUnavailable, match="squeezenet1_1"):
        load_model("squeezenet1_1")
