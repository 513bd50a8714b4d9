"""Short programs that give the numbers on a page."""

from __future__ import annotations

import sys


def snippet(*lines: str) -> str:
    """A program of these lines: its imports in front, each once and in order; the last line ends too."""
    imports = dict.fromkeys(line for line in lines if line.startswith(("import ", "from ")))
    standard = sorted(line for line in imports if line.split()[1].partition(".")[0] in sys.stdlib_module_names)
    others = sorted(set(imports) - set(standard), key=lambda line: (line.split()[1].startswith("explorer"), line))
    rest = [line for line in lines if line not in imports]
    while rest and not rest[0]:
        rest.pop(0)
    blocks = ("\n".join(block) for block in (standard, others, rest) if block)
    return "\n\n".join(blocks) + "\n"
