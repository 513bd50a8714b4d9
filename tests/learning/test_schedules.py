"""Learning rates over time, held against torch.optim.lr_scheduler."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from explorer.learning.rate.schedules import KINDS, Kind, Schedule


def rates_of_pytorch(kind: Kind, peak: float, steps: int) -> list[float]:
    """The rates that an optimiser has, step by step."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], peak)
    rise = max(1, round(0.05 * steps))
    made: lr_scheduler.LRScheduler
    if kind == "step":
        made = lr_scheduler.StepLR(optimiser, -(-steps // 3), gamma=0.1)
    elif kind == "cosine":
        made = lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    elif kind == "warm_up":
        made = lr_scheduler.LinearLR(optimiser, start_factor=0.01, end_factor=1.0, total_iters=rise)
    elif kind == "warm_up_cosine":
        parts = [
            lr_scheduler.LinearLR(optimiser, start_factor=0.01, end_factor=1.0, total_iters=rise),
            lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps - rise),
        ]
        made = lr_scheduler.SequentialLR(optimiser, parts, milestones=[rise])
    else:
        made = lr_scheduler.LambdaLR(optimiser, lambda _: 1.0)
    rates = []
    for _ in range(steps):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        made.step()
    return rates


@given(st.sampled_from(KINDS), st.floats(1e-5, 10), st.integers(2, 300))
@settings(max_examples=60, deadline=None)
def test_every_rate_is_that_of_pytorchs_scheduler(kind: Kind, peak: float, steps: int) -> None:
    rates = Schedule(kind, peak, steps).rates()
    np.testing.assert_allclose(rates, rates_of_pytorch(kind, peak, steps), rtol=1e-11, atol=1e-13 * peak)


@pytest.mark.parametrize(("kind", "peak", "steps"), [("linear", 0.1, 10), ("step", -1, 10), ("step", 0.1, 1)])
def test_what_is_no_schedule_is_refused(kind: Kind, peak: float, steps: int) -> None:
    with pytest.raises(ValueError, match="no schedule"):
        Schedule(kind, peak, steps)
