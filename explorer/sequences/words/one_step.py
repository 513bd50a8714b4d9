"""One step of training on one sentence: which rows of a table of word vectors get a gradient, and which move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from explorer.captioning.vocabulary import END, START

Optimiser = Literal["sgd", "adamw"]
OPTIMISERS: Final[tuple[Optimiser, ...]] = get_args(Optimiser)
RATE: Final = 0.1
DECAY: Final = 0.01  # weight decay, AdamW's own default


@dataclass(frozen=True, eq=False)
class OneStep:
    """What one step did to V rows of E numbers.

    Attributes:
        inputs: numbers of the words that were looked up, in order, the start mark first.
        loss: before the step.
        gradients: (V,) length of the gradient of each row; zeros where the table is frozen.
        moves: (V,) how far each row moved.
        moved: (V,) whether any number of a row is another one now.
        others: how many weights besides the table's got a gradient, those of the layer above.
        product_is_row: whether one-hot rows times the table are the rows that were looked up, bit for bit.
    """

    inputs: tuple[int, ...]
    loss: float
    gradients: NDArray[np.float32]
    moves: NDArray[np.float32]
    moved: NDArray[np.bool_]
    others: int
    product_is_row: bool


def take_step(vectors: NDArray[np.float32], sentence: Sequence[int], *, frozen: bool, optimiser: Optimiser) -> OneStep:
    """Look a sentence up, tell each next word from the vector of the last by one dense layer, and step once.

    Args:
        vectors: (V, E).
        sentence: numbers of its words.
        frozen: whether the table is kept as it is.
        optimiser: SGD, or AdamW, which besides takes a little of every weight away (Loshchilov & Hutter 2019).
    """
    inputs = torch.tensor([START, *sentence])
    wanted = torch.tensor([*sentence, END])
    table = nn.Embedding.from_pretrained(torch.tensor(vectors), freeze=frozen)
    torch.manual_seed(0)
    head = nn.Linear(vectors.shape[1], len(vectors))
    learning = [each for each in (*table.parameters(), *head.parameters()) if each.requires_grad]
    optim = (
        torch.optim.SGD(learning, RATE) if optimiser == "sgd" else torch.optim.AdamW(learning, RATE, weight_decay=DECAY)
    )
    looked_up = table(inputs)
    product = F.one_hot(inputs, len(vectors)).float() @ table.weight
    loss = F.cross_entropy(head(looked_up), wanted)
    loss.backward()
    gradient = torch.zeros_like(table.weight) if table.weight.grad is None else table.weight.grad.clone()
    optim.step()
    change = table.weight.detach() - torch.from_numpy(vectors)
    return OneStep(
        tuple(inputs.tolist()),
        loss.item(),
        gradient.norm(dim=1).numpy(),
        change.norm(dim=1).numpy(),
        (change != 0).any(dim=1).numpy(),
        sum(int(each.grad.count_nonzero()) for each in head.parameters() if each.grad is not None),
        torch.equal(product, looked_up),
    )
