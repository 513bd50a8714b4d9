"""Bringing large captioners here: a hub that answers as it is told, and one that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from explorer.captioning import large_files
from explorer.captioning.large_files import LargeUnavailable, cached_folder, ensure_large

hub = pytest.importorskip("huggingface_hub", reason="the extra of large captioners is not installed")
pytest.importorskip("huggingface_hub.constants")  # the package knows its modules once they are imported

SIZES = {
    "model.safetensors": 5000,
    "config.json": 10,
    "preprocessor_config.json": 20,
    "tokenizer.json": 30,
    "vocab.json": 40,
}
OTHERS = {"pytorch_model.bin": 9999, "tf_model.h5": 9999, "README.md": 7, "training.py": 8}


class Hub:
    """Stands where huggingface.co is: revisions with their files, proposals by their author, and what was asked.

    Downloads come in blocks of 1000 bytes.
    """

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.revisions: dict[str | None, dict[str, int]] = {None: {**SIZES, **OTHERS}}
        self.proposals: list[tuple[str, str]] = []
        self.fetched: list[str] = []
        self.before_block: Callable[[], object] = lambda: None
        self.kept: Callable[[str], bool] = lambda file: True

    def model_info(self, repository: str, revision: str | None = None, **options: Any) -> Any:
        assert options == {"files_metadata": True, "timeout": large_files.ANSWER}
        files = [SimpleNamespace(rfilename=name, size=size) for name, size in self.revisions[revision].items()]
        return SimpleNamespace(sha=f"sha-of-{revision}".replace("/", "-"), siblings=files)

    def get_repo_discussions(self, repository: str, author: str, discussion_type: str) -> Any:
        assert discussion_type == "pull_request"
        return [SimpleNamespace(git_reference=ref) for who, ref in self.proposals if who == author]

    def download(self, repository: str, file: str, revision: str, token: bool, tqdm_class: Any, **_: Any) -> str:
        assert token is False
        self.fetched.append(file)
        size = {name: size for files in self.revisions.values() for name, size in files.items()}[file]
        with tqdm_class(total=size, initial=0, desc=file) as bar:
            for start in range(0, size, 1000):
                self.before_block()
                bar.update(min(1000, size - start))
        path = self.cache / f"models--{repository.replace('/', '--')}" / "snapshots" / revision / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.kept(file):
            path.write_bytes(b"x" * size)
        return str(path)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub(tmp_path)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "HfApi", lambda token: made)
    monkeypatch.setattr(hub, "hf_hub_download", made.download)
    monkeypatch.setattr(large_files, "_TICK", 0.01)
    return made


def test_the_needed_files_come_and_no_pickle(site: Hub) -> None:
    assert cached_folder("blip") is None
    folder = ensure_large("blip")
    assert {path.name for path in folder.iterdir()} == set(SIZES) == set(site.fetched)
    assert folder.name == "sha-of-None"
    assert cached_folder("blip") == folder
    assert cached_folder("vit-gpt2") is None
    site.fetched.clear()
    assert ensure_large("blip") == folder
    assert site.fetched == []


def test_progress_is_told_in_the_thread_that_asked(site: Hub) -> None:
    told: list[tuple[int, int, int]] = []
    site.before_block = lambda: time.sleep(0.03)
    ensure_large("vit-gpt2", lambda done, total: told.append((done, total, threading.get_ident())))
    amounts = [done for done, _, _ in told]
    assert {thread for _, _, thread in told} == {threading.get_ident()}
    assert {total for _, total, _ in told} == {sum(SIZES.values())}
    assert amounts == sorted(amounts)
    assert len(set(amounts)) > 2
    assert amounts[-1] == sum(SIZES.values())


def test_what_lay_there_already_counts(site: Hub) -> None:
    counter = large_files._Counter()
    bar = counter.as_bar()(total=100, initial=60, desc="weights")
    bar.update(30)
    bar.update(None)
    assert counter.bytes == 90


def test_safetensors_that_the_converter_proposes(site: Hub) -> None:
    site.revisions[None] = {name: size for name, size in {**SIZES, **OTHERS}.items() if name != "model.safetensors"}
    site.revisions["refs/pr/2"] = site.revisions[None]
    site.revisions["refs/pr/3"] = site.revisions["refs/pr/9"] = {**SIZES, **OTHERS}
    site.proposals = [("somebody", "refs/pr/3"), ("SFconvertbot", "refs/pr/2"), ("SFconvertbot", "refs/pr/9")]
    assert ensure_large("blip").name == "sha-of-refs-pr-9"
    assert "pytorch_model.bin" not in site.fetched


def test_pickles_only_are_refused(site: Hub) -> None:
    site.revisions[None] = {name: size for name, size in {**SIZES, **OTHERS}.items() if name != "model.safetensors"}
    site.revisions["refs/pr/3"] = {**SIZES, **OTHERS}
    site.proposals = [("somebody", "refs/pr/3")]
    with pytest.raises(LargeUnavailable, match="as a pickle only, and opening a pickle can run any program"):
        ensure_large("blip")
    assert site.fetched == []


def test_a_repository_without_a_tokenizer_is_refused(site: Hub) -> None:
    del site.revisions[None]["tokenizer.json"]
    with pytest.raises(LargeUnavailable, match=r"lacks tokenizer\.json; nothing was downloaded"):
        ensure_large("blip")


def test_a_download_that_is_not_there_afterwards(site: Hub) -> None:
    site.kept = lambda file: file != "model.safetensors"
    with pytest.raises(LargeUnavailable, match="came incomplete; try again"):
        ensure_large("blip")


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ConnectionError("[Errno -2] Name or service not known"), "there is no connection to huggingface.co"),
        (TimeoutError("timed out"), "there is no connection to huggingface.co"),
        (OSError("[Errno 28] No space left on device"), "[Errno 28] No space left on device"),
    ],
)
def test_what_goes_wrong_is_one_sentence(site: Hub, problem: Exception, reason: str) -> None:
    def fail() -> None:
        raise problem

    site.before_block = fail
    with pytest.raises(LargeUnavailable) as told:
        ensure_large("blip")
    assert str(told.value) == (
        f"BLIP is not on this machine and could not be downloaded ({reason}); the captioners of our own work offline."
    )


def test_the_real_library_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    began = time.monotonic()
    with pytest.raises(LargeUnavailable, match="HF_HUB_OFFLINE switches downloads off"):
        ensure_large("blip")
    assert time.monotonic() - began < large_files.ANSWER


def test_the_real_library_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port of this machine where nobody listens."""
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    original = hub.HfApi
    monkeypatch.setattr(hub, "HfApi", lambda token: original(endpoint="http://127.0.0.1:9", token=token))
    with pytest.raises(LargeUnavailable, match=r"there is no connection to huggingface\.co"):
        ensure_large("vit-gpt2")


def test_nobody_waits_for_a_standstill(site: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    site.before_block = lambda: bool(gate.wait(20))
    monkeypatch.setattr(large_files, "STANDSTILL", 0.2)
    try:
        with pytest.raises(LargeUnavailable, match="has not answered for"):
            ensure_large("blip")
    finally:
        gate.set()


def test_a_page_that_is_left_ends_the_download(site: Hub) -> None:
    class Left(BaseException):
        pass

    def leave(done: int, total: int) -> None:
        if done:
            raise Left

    blocks: list[int] = []
    site.before_block = lambda: (blocks.append(1), time.sleep(0.05))
    with pytest.raises(Left):
        ensure_large("blip", leave)
    for thread in threading.enumerate():
        if thread.name == "large-captioner-files":
            thread.join(5)
    assert len(blocks) < 5
    assert cached_folder("blip") is None
