"""The colour tables of `explorer.rendering` for scripts that draw numbers themselves."""

import json
from typing import Final

import numpy as np

from explorer.rendering.colours import DIVERGING, SEQUENTIAL, UNDEFINED

COLOURS_JS: Final = "".join(
    f"const {name} = {json.dumps(np.asarray(colours).tolist(), separators=(',', ':'))};\n"
    for name, colours in (("SEQUENTIAL", SEQUENTIAL), ("DIVERGING", DIVERGING), ("UNDEFINED", UNDEFINED))
)
"""To be put before the script of a component."""
