"""Snippets: imports in front, each once, the rest in its order."""

from explorer.snippet import snippet


def test_imports_go_in_front_once_and_in_order_and_the_rest_stays() -> None:
    lines = [
        "from explorer.zoo import load_model",
        "model = load_model('photo-net')",
        "from pathlib import Path",
        "import numpy as np",
        "from explorer.zoo import load_model",
        "for line in range(2):",
        "    from_here = line",
        "important = np.zeros(2)",
    ]
    assert snippet(*lines) == (
        "from pathlib import Path\n\n"
        "import numpy as np\nfrom explorer.zoo import load_model\n\n"
        "model = load_model('photo-net')\nfor line in range(2):\n    from_here = line\nimportant = np.zeros(2)\n"
    )


def test_without_imports_there_is_no_blank_line_in_front() -> None:
    assert snippet("print(1)", "print(2)") == "print(1)\nprint(2)\n"
