"""Small networks that read a person's text and learn to say its next letter, trained while the person waits."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.neurons.first_weights import begin
from explorer.slices import Slices

Numbers = NDArray[np.float64]
Kind = Literal["rnn", "lstm"]
MOST_LETTERS: Final = 120
LEAST_UNITS: Final = 3
MOST_UNITS: Final = 8
SEEDS: Final = 3  # networks of every recipe, so that no finding hangs on one start
STEPS: Final = 200  # of Adam over the whole text
RATE: Final = 0.05
_SLICE: Final = 5  # steps between two strokes of a bar


class TextRejected(ValueError):
    """A text that no network can be trained on, with a sentence that says why."""


def read_text(typed: str) -> str:
    """The letters of a typed text, spaces made single; every character that is left is a letter of the alphabet.

    Raises:
        TextRejected: fewer than two letters, more than `MOST_LETTERS`, or some that nobody can see.
    """
    text = unicodedata.normalize("NFC", " ".join(typed.split()))
    if len(text) < 2:
        raise TextRejected("A text of at least two letters is needed: there has to be a next one.")
    if len(text) > MOST_LETTERS:
        raise TextRejected(f"The text has {len(text):,} letters; at most {MOST_LETTERS} fit.")
    unseen = next((letter for letter in text if unicodedata.category(letter)[0] == "C"), None)
    if unseen is not None:
        raise TextRejected(f"The text holds a character that cannot be seen, U+{ord(unseen):04X}: leave it out.")
    return text


def name_letter(letter: str) -> str:
    """The letter as it is shown by itself: a space, and a mark that needs a letter below it, get something to see."""
    if letter == " ":
        return "␣"
    return f"◌{letter}" if unicodedata.category(letter)[0] == "M" else letter


@dataclass(frozen=True)
class Recipe:
    """A network and its training.

    Attributes:
        text: from `read_text`.
        kind: an `nn.RNN` or an `nn.LSTM`.
        units: H, numbers of its state.
        seed: of its first weights, which are PyTorch's own.
        steps: of training; none leaves the weights as they begin.
    """

    text: str
    kind: Kind = "rnn"
    units: int = 5
    seed: int = 0
    steps: int = STEPS

    @property
    def letters(self) -> tuple[str, ...]:
        """The alphabet: the V different letters of the text in their order."""
        return tuple(sorted(set(self.text)))

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(T,) the place of every letter in the alphabet."""
        places = {letter: place for place, letter in enumerate(self.letters)}
        return np.array([places[letter] for letter in self.text])


class NextLetter(nn.Module):
    """One recurrent layer that reads one-hot letters, and a dense layer from its state to the next letter's logits."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        letters = len(recipe.letters)
        self.recurrent: nn.RNN | nn.LSTM = {"rnn": nn.RNN, "lstm": nn.LSTM}[recipe.kind](letters, recipe.units)
        self.head = nn.Linear(recipe.units, letters)

    def forward(self, x: Tensor) -> Tensor:
        """(T, V) one-hot letters in, (T, V) logits out."""
        logits: Tensor = self.head(self.recurrent(x)[0])
        return logits


@dataclass(frozen=True, eq=False)
class Weights:
    """A network's weights in float64; an LSTM stacks those of its input, forget, candidate and output, G = 4, else 1.

    Attributes:
        inward: (G H, V) from the letter, W_x.
        onward: (G H, H) from the state, W_h.
        bias: (G H,) PyTorch's two biases added up.
        out: (V, H) from the state to the next letter, W_y.
        out_bias: (V,).
    """

    inward: Numbers
    onward: Numbers
    bias: Numbers
    out: Numbers
    out_bias: Numbers

    def remember(self, times: float) -> Weights:
        """The same with W_h multiplied: by 0 nothing is remembered."""
        return replace(self, onward=self.onward * times)

    @property
    def count(self) -> int:
        """How many numbers they are."""
        return sum(each.size for each in (self.inward, self.onward, self.bias, self.out, self.out_bias))


@dataclass(frozen=True, eq=False)
class Trained:
    """A network after training.

    Attributes:
        recipe: of it, with as many steps as were made.
        weights: its numbers.
    """

    recipe: Recipe
    weights: Weights


def train_in_slices(
    recipes: Sequence[Recipe], keep: Callable[[tuple[Trained, ...]], object] = lambda trained: None
) -> Slices[tuple[Trained, ...]]:
    """Adam on the mean cross-entropy of every next letter, the whole text at once, back through all of its steps.

    Args:
        recipes: of networks that learn the same text side by side, in as many steps.
        keep: is given what they have come to after every slice.
    """
    (text,), (steps,) = ({each.text for each in recipes}, {each.steps for each in recipes})
    networks = [_begin(recipe) for recipe in recipes]
    optimisers = [torch.optim.Adam(network.parameters(), RATE) for network in networks]
    numbers = torch.from_numpy(recipes[0].numbers)
    x, following = F.one_hot(numbers[:-1], len(set(text))).double(), numbers[1:]

    def give(done: int) -> tuple[Trained, ...]:
        pairs = zip(recipes, networks, strict=True)
        return tuple(Trained(replace(recipe, steps=done), weights_of(network)) for recipe, network in pairs)

    for step in range(steps):
        for network, optimiser in zip(networks, optimisers, strict=True):
            loss = F.cross_entropy(network(x), following)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if (step + 1) % _SLICE == 0:
            keep(give(step + 1))
            yield step + 1, steps
    return give(steps)


def _begin(recipe: Recipe) -> NextLetter:
    """A network as PyTorch begins it after `torch.manual_seed`, in float64."""
    return begin(lambda: NextLetter(recipe), torch.Generator().manual_seed(recipe.seed)).double()


def weights_of(network: NextLetter) -> Weights:
    """Copies of a network's weights."""
    layer, head = network.recurrent, network.head
    inward, onward, first, second = (each.detach() for each in layer.parameters())
    arrays = (inward, onward, first + second, head.weight.detach(), head.bias.detach())
    return Weights(*(each.double().numpy().copy() for each in arrays))


def count_right(probabilities: Numbers, numbers: NDArray[np.int64]) -> int:
    """How many of the T - 1 next letters have the highest probability.

    Args:
        probabilities: (T, V) after every letter.
        numbers: (T,) the letters.
    """
    return int((probabilities[:-1].argmax(axis=1) == numbers[1:]).sum())


def count_without_memory(text: str) -> int:
    """How many next letters can be right at most where only the letter before is known: the commonest after each."""
    after: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for letter, following in pairwise(text):
        after[letter][following] += 1
    return sum(counts.most_common(1)[0][1] for counts in after.values())


def training_lines(recipe: Recipe) -> list[str]:
    """Imports, the letters `numbers` and `hot`, the network `layer` and `head`, and its training."""
    module = {"rnn": "RNN", "lstm": "LSTM"}[recipe.kind]
    return [
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        f"text = {recipe.text!r}",
        "letters = sorted(set(text))",
        "numbers = torch.tensor([letters.index(letter) for letter in text])",
        "hot = F.one_hot(numbers, len(letters)).double()",
        f"torch.manual_seed({recipe.seed})",
        f"layer, head = nn.{module}(len(letters), {recipe.units}), nn.Linear({recipe.units}, len(letters))",
        "layer, head = layer.double(), head.double()",
        f"optimiser = torch.optim.Adam([*layer.parameters(), *head.parameters()], {RATE})",
        f"for _ in range({recipe.steps}):",
        "    loss = F.cross_entropy(head(layer(hot[:-1])[0]), numbers[1:])",
        "    optimiser.zero_grad()",
        "    loss.backward()",
        "    optimiser.step()",
    ]
