"""What a server does without being asked, and what it imports for that."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from explorer.jobs import Limits, Order
from explorer.jobs.shelf import Shelf
from tests.browser.serving import ROOT
from tests.jobs.working import until

WARM_UP = """
import sys, threading
timers = []
threading.Timer.start = lambda timer: timers.append(timer)
import streamlit_app
assert "torch" not in sys.modules
(timer,) = timers
assert timer.daemon and timer.interval == streamlit_app.REST
timer.function()
assert {"torchvision", "explorer.deck.topics", "explorer.ui.layers.page"} <= sys.modules.keys()
assert not [name for name in sys.modules if name.startswith("torch._dynamo")]

import torch, torchvision
boxes = [torch.tensor([[0, 0, 4.0, 4]])]
pooled = torchvision.ops.roi_align(torch.arange(16.0).reshape(1, 1, 4, 4), boxes, 2, aligned=True)
assert pooled.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]  # means of 2 x 2 cells

from torch._dynamo.utils import is_compile_supported
from torchvision.ops.roi_align import is_compile_supported as asked
assert asked("cpu") == is_compile_supported("cpu")

from pathlib import Path
from tests.jobs.working import until
until(lambda: not Path(sys.argv[1]).exists())  # a thread of the server deletes it
"""


def test_a_server_warms_up_without_the_compiler_and_sees_to_the_jobs_of_the_one_before(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "jobs")
    with shelf.alone():
        old, left = (shelf.add(Order("explorer.toys:toy", ({},), title="A toy"), {}, Limits()) for _ in range(2))
    with old.change() as records:
        records[0] = replace(records[0].end("done"), ended=time.time() - 8 * 86_400)
    done = subprocess.run(
        [sys.executable, "-c", WARM_UP, str(old.path)],
        cwd=ROOT,
        env=os.environ | {"EXPLORER_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    until(lambda: left.finished)  # somebody has tried: there is no such module
    assert "toys" in left.records()[0].problem
