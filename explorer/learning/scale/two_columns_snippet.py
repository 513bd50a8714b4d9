"""The program that gives the numbers of two columns."""

from __future__ import annotations

from explorer.learning.scale.two_columns import Columns
from explorer.snippet import snippet


def two_columns_snippet(columns: Columns, share: float, steps: int) -> str:
    """Curvatures and the way down in plain PyTorch, for the columns as they are and normalised.

    Args:
        columns: as they are.
        share: the rate as a multiple of the largest stable one.
        steps: of gradient descent.
    """
    return snippet(
        "import torch",
        "from torch.autograd.functional import hessian",
        f"r = {columns.correlation!r}",
        "z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)",
        "z[:, 1] = r * z[:, 0] + (1 - r**2) ** 0.5 * z[:, 1]",
        f"x = z * torch.tensor([{float(columns.first)!r}, {float(columns.second)!r}], dtype=torch.float64)",
        "for columns in (x, (x - x.mean(0)) / x.std(0, correction=0)):",
        "    loss = lambda w: ((columns @ (w - 1)) ** 2).mean() / 2  # the truth is the sum of the columns",
        "    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)",
        "    curvatures = torch.linalg.eigvalsh(hessian(loss, w))",
        "    stable = 2 / curvatures.max().item()",
        f"    optimiser = torch.optim.SGD([w], lr={share!r} * stable)",
        f"    for _ in range({steps}):",
        "        optimiser.zero_grad()",
        "        loss(w).backward()",
        "        optimiser.step()",
        "    print(curvatures.tolist(), stable, w.tolist())",
    )
