"""The three taggers in plain PyTorch, as a program that prints what they say."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.sequences.directions.network import STATE, WINDOW, WORD
from explorer.sequences.directions.sentences import BEGIN, CLASSES, END, FIRST_LETTER, LETTERS, PADDING, UNKNOWN
from explorer.snippet import snippet


def tagger_snippet(words: Sequence[str]) -> str:
    """Every word of a sentence with its probabilities by each network."""
    return snippet(
        "import torch",
        "from safetensors.torch import load_file",
        "from torch import nn",
        "from torch.nn import functional as F",
        "from torch.nn.utils.rnn import pad_sequence",
        "from explorer.zoo.catalogue import MODELS",
        f"words = {list(words)!r}",
        f"letters = {LETTERS!r}",
        f"numbers = [[letters.index(each) + {FIRST_LETTER} if each in letters else {UNKNOWN} for each in word] "
        "for word in words]",
        f"read = pad_sequence([torch.tensor([{BEGIN}, *word, {END}]) for word in numbers], batch_first=True)",
        "for direction in ('forward', 'backward', 'both'):",
        "    state = load_file(MODELS / f'tagger-{direction}' / 'weights.safetensors')",
        "    state = {name: value.double() for name, value in state.items()}",
        "    seen = F.embedding(read, state['letters.weight']).transpose(1, 2)",
        f"    seen = F.conv1d(seen, state['reader.weight'], state['reader.bias'], padding={WINDOW // 2})",
        f"    vectors = seen.masked_fill((read == {PADDING})[:, None], -torch.inf).amax(2).tanh()  # a row a word",
        "    both = direction == 'both'",
        f"    lstm = nn.LSTM({WORD}, {STATE // 2} if both else {STATE}, bidirectional=both).double()",
        "    lstm.load_state_dict({name[5:]: value for name, value in state.items() if name.startswith('lstm.')})",
        "    order = -1 if direction == 'backward' else 1",
        "    states = lstm(vectors[range(len(words))[::order]])[0][range(len(words))[::order]]",
        "    told = F.linear(states, state['head.weight'], state['head.bias']).softmax(1)",
        "    for word, row in zip(words, told.tolist()):",
        f"        print(direction, word, dict(zip({CLASSES!r}, row)))",
    )
