"""The dashboard; where the address has `?only=NAME`, the script NAME.py of this folder in its place.

One server for all tests in a browser: starting one more costs seconds, and each would open the same networks again.
"""

import runpy
import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

import tests.browser.eager_jobs  # noqa: E402
import tests.browser.toy_networks  # noqa: E402, F401  only the server has them

only = st.query_params.get("only")
script = Path(__file__).with_name(f"{only}.py") if only else ROOT / "explorer/ui/front_door.py"
runpy.run_path(str(script), run_name="__main__")
