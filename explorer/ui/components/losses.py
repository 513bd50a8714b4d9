"""The losses of `explorer.neurons` for scripts that work them out themselves."""

from pathlib import Path
from typing import Final

LOSSES_JS: Final = (Path(__file__).parent / "shared" / "losses.js").read_text(encoding="utf-8")
"""To be put before the script of a component."""
