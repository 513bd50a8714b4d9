"""First weights by a generator of one's own against PyTorch's after `torch.manual_seed`."""

import pytest
import torch
from torch import nn

from explorer.neurons.first_weights import begin

LAYERS = {
    "dense": lambda: nn.Sequential(nn.Linear(7, 5, dtype=torch.float64), nn.ReLU(), nn.Linear(5, 3, bias=False)),
    "convolutions": lambda: nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.ConvTranspose2d(6, 2, 4, stride=2)),
    "recurrent": lambda: nn.ModuleList(
        [nn.RNN(3, 4), nn.LSTM(3, 4, bidirectional=True), nn.GRU(3, 4), nn.Linear(4, 2)]
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_first_weights_are_pytorchs_and_its_generator_is_left_alone(name: str) -> None:
    torch.manual_seed(5)
    wanted, next_number = LAYERS[name](), torch.rand(())
    torch.manual_seed(9)
    untouched = torch.get_rng_state()
    generator = torch.Generator().manual_seed(5)
    found = begin(LAYERS[name], generator)
    assert all(torch.equal(a, b) for a, b in zip(found.parameters(), wanted.parameters(), strict=True))
    assert torch.equal(torch.rand((), generator=generator), next_number)
    assert torch.equal(torch.get_rng_state(), untouched)
