"""No file takes the server's memory or time: its structure is bounded, and what is left decodes in another process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from explorer.images import ImageRejected, Intake, apart, read_apart, read_image

from .valid_pictures import VALID, encode

MEASURE = """
import json, time, warnings
from explorer.images import ImageRejected, read_image
from tests.bombs import make_bombs

warnings.simplefilter("ignore")

def megabytes(key):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024

for name, data in make_bombs():
    open("/proc/self/clear_refs", "w").write("5")  # the peak begins anew
    before, start = megabytes("VmRSS"), time.process_time()
    try:
        said = read_image(data).note
    except ImageRejected as refused:
        said = str(refused)
    peak = megabytes("VmHWM") - before + len(data) / 2**20
    print(json.dumps([name, len(data) / 2**20, peak, time.process_time() - start, said]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is asked of Linux")
def test_no_bomb_takes_more_than_250_mb_or_5_seconds() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], check=True, capture_output=True, text=True)
    measured = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(measured) >= 20
    for name, size, peak, seconds, said in measured:
        assert size <= 20, name
        assert peak <= 250, name
        assert seconds <= 5, name
        assert "damaged" not in said, name


# ---- the process of its own -----------------------------------------------------------------------------------------

LARGE = encode(Image.new("RGB", (4000, 4000)), "PNG")  # 64 MB, of which the file says little


@pytest.fixture
def fresh_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes started in this test, with the limits that it sets, are not met by another."""
    monkeypatch.setattr(apart, "_idle", [])
    yield
    for process in apart._idle:
        process.kill()
        process.wait()


def take(read: object, data: bytes) -> tuple[object, ...]:
    assert callable(read)
    try:
        intake: Intake = read(data)
    except ImageRejected as refused:
        return (str(refused),)
    return intake.image.tobytes(), intake.format, intake.original_size, intake.sha256, intake.note


def test_another_process_reads_what_this_one_reads() -> None:
    files = [*VALID, b"", b"text", VALID[0][:100]]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda data: take(read_apart, data), files)) == [take(read_image, data) for data in files]


@pytest.mark.usefixtures("fresh_processes")
def test_processes_are_kept_and_a_dead_one_is_replaced() -> None:
    for _ in range(3):
        read_apart(VALID[0])
    [process] = apart._idle
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert read_apart(VALID[0]).format == read_image(VALID[0]).format
    assert process not in apart._idle


@pytest.mark.usefixtures("fresh_processes")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count what is reserved")
def test_memory_has_a_limit_that_the_next_picture_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY", 40 * 2**20)
    with pytest.raises(ImageRejected, match="more memory than there is for one picture"):
        read_apart(LARGE)
    assert read_apart(VALID[0]).format == read_image(VALID[0]).format


@pytest.mark.usefixtures("fresh_processes")
def test_time_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.001)  # less than the process takes to start
    with pytest.raises(ImageRejected, match=r"The file takes too long and is not read; save it as a plain JPEG\."):
        read_apart(VALID[0])
    assert apart._idle == []
    monkeypatch.undo()
    assert read_apart(VALID[0]).format == read_image(VALID[0]).format


@pytest.mark.usefixtures("fresh_processes")
def test_a_process_that_dies_before_it_has_read_the_file_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def start_dead() -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(["sh", "-c", "kill -9 $$"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.wait()
        return process

    monkeypatch.setattr(apart, "_start", start_dead)
    with pytest.raises(ImageRejected, match="takes too long"):
        read_apart(VALID[0])


def test_computing_has_a_limit() -> None:
    """The process that never stops computing is ended by the system, and says nothing more."""
    code = "from explorer.images.worker import _limit_time\n_limit_time(0)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == -signal.SIGXCPU
