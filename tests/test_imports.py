"""What is imported, and what is not."""

import subprocess
import sys

from tests.browser.serving import ROOT

WITHOUT_COMPILER = """
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
"""


def test_a_server_is_warmed_up_without_the_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
