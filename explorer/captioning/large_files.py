"""The files of the large captioners: which there are, whether they are on this machine, and bringing them here.

Nothing is imported from Hugging Face before it is asked for: it is an extra, and slow to import.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar

from explorer.text import NameUnknown

Progress = Callable[[int, int], None]  # bytes so far, bytes in all
Result = TypeVar("Result")

INSTALL = "pip install -r requirements-extra.txt"
WEIGHTS = "model.safetensors"
NEEDED = (WEIGHTS, "config.json", "preprocessor_config.json", "tokenizer.json")
WELCOME = ("tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "vocab.json", "merges.txt")
CONVERTER = "SFconvertbot"  # of Hugging Face: proposes the same weights as safetensors where a repository has a pickle
ANSWER = 10.0  # seconds to wait for an answer
STANDSTILL = 60.0  # seconds without a new byte before a download is given up
_TICK = 0.2  # seconds between two looks at the progress


class ExtraMissing(RuntimeError):
    """The optional libraries are not installed; the message says how to install them."""


class LargeUnavailable(RuntimeError):
    """The captioner's files are neither on this machine nor to be had; the message says why."""


class LargeUnknown(NameUnknown):
    """There is no large captioner of that name."""


@dataclass(frozen=True)
class LargeNetwork:
    """A captioner that Hugging Face hosts.

    Attributes:
        name: for `load_large`.
        title: what a person reads.
        repository: on huggingface.co.
        family: how it is built.
        size: bytes of its files, roughly: to be said before anything is asked of the network.
        about: one sentence on what it is.
    """

    name: str
    title: str
    repository: str
    family: Literal["blip", "vision-encoder-decoder"]
    size: int
    about: str


NETWORKS = {
    network.name: network
    for network in (
        LargeNetwork(
            "blip",
            "BLIP",
            "Salesforce/blip-image-captioning-base",
            "blip",
            900_000_000,
            "A ViT-B/16 at 384 pixels and a BERT that looks at it in every layer, trained on pictures from the web and "
            "on COCO (Li et al. 2022).",
        ),
        LargeNetwork(
            "vit-gpt2",
            "ViT-GPT2",
            "nlpconnect/vit-gpt2-image-captioning",
            "vision-encoder-decoder",
            960_000_000,
            "A ViT-B/16 at 224 pixels and GPT-2 with a layer of cross-attention in every block, trained on COCO.",
        ),
    )
}


def find_network(name: str) -> LargeNetwork:
    """The network of that name.

    Raises:
        LargeUnknown: there is none.
    """
    if name not in NETWORKS:
        raise LargeUnknown(f"There is no large captioner {name!r}; there are {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def check_extra() -> None:
    """Cheap: looks for the libraries and imports none.

    Raises:
        ExtraMissing: one of them is not installed.
    """
    lacking = [library for library in ("transformers", "huggingface_hub") if find_spec(library) is None]
    if lacking:
        raise ExtraMissing(say_missing(" and ".join(lacking)))


def say_missing(what: str) -> str:
    """The one sentence on an extra that is not there."""
    return f"Large captioners need {what}, an extra that is not installed here: {INSTALL}"


def cached_folder(name: str) -> Path | None:
    """The folder with all files of a network in Hugging Face's cache (`HF_HOME` moves it); None where one lacks.

    Raises:
        ExtraMissing: `huggingface_hub` is not installed.
        LargeUnknown: no such network.
    """
    network = find_network(name)
    check_extra()
    from huggingface_hub import constants

    # The cache's documented layout. Asked by revision it would need the network to say which revision that is.
    snapshots = Path(constants.HF_HUB_CACHE) / f"models--{network.repository.replace('/', '--')}" / "snapshots"
    for folder in sorted(snapshots.glob("*")):
        if all((folder / file).is_file() for file in NEEDED):
            return folder
    return None


def ensure_large(name: str, progress: Progress | None = None) -> Path:
    """The folder with a network's files, downloaded where they are not in the cache.

    Raises:
        ExtraMissing: the libraries are not installed.
        LargeUnavailable: no connection, no safe file, or a download that came to nothing.
        LargeUnknown: no such network.
    """
    folder = cached_folder(name)
    if folder:
        return folder
    network = find_network(name)
    counter = _Counter()
    try:
        revision, sizes = _in_background(lambda: _locate(network), counter, None, 3 * ANSWER)
        total = sum(sizes.values())
        tell = (lambda: progress(min(counter.bytes, total), total)) if progress else None
        _in_background(lambda: _fetch(network, revision, list(sizes), counter), counter, tell, STANDSTILL)
    except LargeUnavailable:
        raise
    except Exception as error:  # the hub raises what its HTTP library raises, and it has changed that library twice
        raise LargeUnavailable(
            f"{network.title} is not on this machine and could not be downloaded "
            f"({_say_reason(error)}); the captioners of our own work offline."
        ) from error
    folder = cached_folder(name)
    if folder is None:
        raise LargeUnavailable(f"The download of {network.title} came incomplete; try again.")
    return folder


def _locate(network: LargeNetwork) -> tuple[str, dict[str, int]]:
    """The revision that has weights as safetensors, and the sizes of the files to bring."""
    from huggingface_hub import HfApi

    api = HfApi(token=False)  # public repositories: nobody's token is sent along
    info = api.model_info(network.repository, files_metadata=True, timeout=ANSWER)
    if WEIGHTS not in _sizes(info):
        for proposal in api.get_repo_discussions(network.repository, author=CONVERTER, discussion_type="pull_request"):
            info = api.model_info(
                network.repository, revision=proposal.git_reference, files_metadata=True, timeout=ANSWER
            )
            if WEIGHTS in _sizes(info):
                break
    sizes = _sizes(info)
    if WEIGHTS not in sizes:
        raise LargeUnavailable(
            f"{network.repository} offers its weights as a pickle only, and opening a pickle can run any program it "
            "contains; nothing was downloaded."
        )
    lacking = [file for file in NEEDED if file not in sizes]
    if lacking:
        raise LargeUnavailable(f"{network.repository} lacks {', '.join(lacking)}; nothing was downloaded.")
    return str(info.sha), {file: size for file, size in sizes.items() if file in (*NEEDED, *WELCOME)}


def _sizes(info: Any) -> dict[str, int]:
    return {file.rfilename: file.size or 0 for file in info.siblings}


def _fetch(network: LargeNetwork, revision: str, files: list[str], counter: _Counter) -> None:
    from huggingface_hub import hf_hub_download

    for file in files:
        hf_hub_download(
            network.repository, file, revision=revision, token=False, etag_timeout=ANSWER, tqdm_class=counter.as_bar()
        )


class _Abandoned(Exception):
    """Nobody waits for this download any more."""


class _Counter:
    """Counts bytes in the thread that downloads, for the one that waits."""

    def __init__(self) -> None:
        self.bytes = 0
        self.abandoned = False

    def as_bar(self) -> Any:
        """A class with the part of tqdm's interface that a download calls."""
        counter = self

        class Bar:
            def __init__(self, *_: Any, initial: int = 0, **__: Any) -> None:
                counter.bytes += initial  # what an earlier, broken download has left

            def __enter__(self) -> Bar:
                return self

            def __exit__(self, *_: object) -> None:
                pass

            def update(self, n: float | None = 1) -> None:
                if counter.abandoned:
                    raise _Abandoned
                counter.bytes += int(n or 0)

            def close(self) -> None: ...
            def refresh(self) -> None: ...
            def reset(self, total: float | None = None) -> None: ...
            def set_description(self, *_: Any, **__: Any) -> None: ...
            def set_postfix_str(self, *_: Any, **__: Any) -> None: ...

        return Bar


def _in_background(
    work: Callable[[], Result], counter: _Counter, tell: Callable[[], None] | None, patience: float
) -> Result:
    """Work in another thread, watched from this one: progress is told here, where a web page can be written.

    Args:
        work: what to do.
        counter: of its bytes.
        tell: called a few times a second.
        patience: seconds to wait without a new byte.

    Raises:
        LargeUnavailable: the patience is over.
        Whatever `work` or `tell` raises.
    """
    outcome: list[Result] = []
    problems: list[Exception] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as problem:
            problems.append(problem)

    # A daemon: a connection that hangs must not keep the program from ending.
    thread = threading.Thread(target=run, name="large-captioner-files", daemon=True)
    thread.start()
    seen, since = counter.bytes, time.monotonic()
    try:
        while thread.is_alive():
            thread.join(_TICK)
            if counter.bytes != seen:
                seen, since = counter.bytes, time.monotonic()
            if thread.is_alive() and time.monotonic() - since > patience:
                raise LargeUnavailable(f"huggingface.co has not answered for {patience:.0f} seconds; try again later.")
            if tell:
                tell()
    finally:
        counter.abandoned = thread.is_alive()  # also where the page was left
    if problems:
        raise problems[0]
    return outcome[0]


def _say_reason(error: BaseException) -> str:
    """The reason in few words: the first line of the first cause."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE switches downloads off"
    while error.__cause__ is not None:
        error = error.__cause__
    name = type(error).__name__
    if "Connect" in name or "Timeout" in name or isinstance(error, ConnectionError):
        return "there is no connection to huggingface.co"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else name
