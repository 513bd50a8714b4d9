"""Python that writes the date of the page, in plain PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

from explorer.neurons.activations import Numbers
from explorer.sequences.attention.dates import LENGTH, OUTPUTS, SIGNS, Reading
from explorer.sequences.attention.loading import NAMES
from explorer.sequences.attention.network import EMBEDDING, START, STATE
from explorer.snippet import snippet


def date_snippet(reading: Reading, attends: bool, moved: Mapping[int, Numbers] | None = None) -> str:
    """Load the shipped weights, read the text and write the date.

    Args:
        reading: of the text.
        attends: with attention or without.
        moved: as for `write`; with attention only.
    """
    attention = [
        f'    "key": nn.Linear({STATE}, {STATE}, bias=False),',
        f'    "query": nn.Linear({STATE}, {STATE}),',
        f'    "energy": nn.Linear({STATE}, 1, bias=False),',
    ]
    weighing = [
        '    scores = network["energy"](torch.tanh(network["key"](states[0]) + network["query"](state)))[:, 0]',
        "    weights = scores.softmax(0)",
        *(["    weights = moved.get(place, weights)"] if moved else []),
        "    context = (weights @ states[0])[None]  # the encoder's states, weighted",
        "    looked.append(weights)",
    ]
    return snippet(
        "import torch",
        "from safetensors.torch import load_file",
        "from torch import nn",
        "",
        "network = nn.ModuleDict({",
        f'    "read": nn.Embedding({len(SIGNS) + 2}, {EMBEDDING}),',
        f'    "encoder": nn.GRU({EMBEDDING}, {STATE // 2}, batch_first=True, bidirectional=True),',
        f'    "first": nn.Linear({STATE}, {STATE}),',
        *(attention if attends else []),
        f'    "written": nn.Embedding({len(OUTPUTS) + 1}, {EMBEDDING}),',
        f'    "decoder": nn.GRUCell({EMBEDDING} + {STATE}, {STATE}),',
        f'    "output": nn.Linear(2 * {STATE}, {len(OUTPUTS)}),',
        "}).double().requires_grad_(False)",
        f'weights = load_file("models/{NAMES[attends]}/weights.safetensors")  # of this project',
        "network.load_state_dict({name: value.double() for name, value in weights.items()})",
        "",
        f"signs, outputs = {SIGNS!r}, {OUTPUTS!r}",
        f"text = {reading.text!r}",
        "numbers = [signs.find(sign) + 2 for sign in text]  # 1 where the sign is not known",
        'states, last = network["encoder"](network["read"](torch.tensor([numbers])))',
        "context = torch.cat([last[0], last[1]], 1)",
        'state = torch.tanh(network["first"](context))',
        f'number, written, probability = {START}, "", 1.0',
        *(["looked = []"] if attends else []),
        *(_write_moved(moved) if moved else []),
        f"for place in range({LENGTH}):",
        *(weighing if attends else []),
        '    before = network["written"](torch.tensor([number]))',
        '    state = network["decoder"](torch.cat([before, context], 1), state)',
        '    probabilities = network["output"](torch.cat([state, context], 1))[0].softmax(0)',
        "    number = int(probabilities.argmax())",
        "    written += outputs[number]",
        "    probability *= probabilities[number].item()",
        "print(written, probability)",
        *(
            [
                "for character, weights in zip(written, looked):",
                '    print(character, *(f"{sign}:{weight:.3f}" for sign, weight in zip(text, weights.tolist())))',
            ]
            if attends
            else []
        ),
    )


def _write_moved(moved: Mapping[int, Numbers]) -> list[str]:
    """Weights of a person's, by place."""
    rows = (f"    {place}: [{', '.join(f'{each:.17g}' for each in moved[place])}]," for place in sorted(moved))
    return [
        "moved = {  # weights in the place of the network's own",
        *rows,
        "}",
        "moved = {place: torch.tensor(weights, dtype=torch.float64) for place, weights in moved.items()}",
        "moved = {place: weights / weights.sum() for place, weights in moved.items()}",
    ]
