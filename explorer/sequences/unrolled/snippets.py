"""The numbers of an unrolled network in plain PyTorch, as a program that prints them."""

from __future__ import annotations

from explorer.sequences.next_letter import Recipe, training_lines
from explorer.snippet import snippet


def unrolled_snippet(recipe: Recipe, times: float, step: int) -> str:
    """The training, then one step by hand, by one matrix and by look-up.

    Args:
        recipe: of the network.
        times: what W_h is multiplied by after the training.
        step: the one that is written out, from 1.
    """
    return snippet(
        *training_lines(recipe),
        "w_x, w_h, first, second = (each.detach() for each in layer.parameters())",
        f"w_h *= {times:g}",
        "with torch.no_grad():",
        "    states = layer(hot[:, None])[0][:, 0]  # (letters of the text, units)",
        "    right = head(states).argmax(1)[:-1] == numbers[1:]",
        "print(right.sum().item(), 'of', len(right), 'next letters are right')",
        f"t = {step - 1}  # the step, from 0",
        "before = states[t - 1] if t else torch.zeros_like(states[0])",
        "h = torch.tanh(w_x @ hot[t] + w_h @ before + first + second)",
        "joined = torch.cat([w_x, w_h], dim=1) @ torch.cat([hot[t], before])",
        "print(h, (h - states[t]).abs().max(), (joined - w_x @ hot[t] - w_h @ before).abs().max())",
        "print(torch.equal(w_x @ hot[t], F.embedding(numbers[t], w_x.T)))",
    )
