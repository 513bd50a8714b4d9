"""The program that the terrain hands over: plain PyTorch, and the same places."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given

from explorer.learning.optimisers import OPTIMISERS
from explorer.learning.terrain.descent import walk
from explorer.learning.terrain.formula import FormulaRejected, read_formula
from explorer.learning.terrain.snippet import terrain_snippet, write_formula
from explorer.learning.terrain.surfaces import SURFACES, Surface, own_surface
from tests.learning.test_formula import by_pytorch, expressions


@pytest.mark.parametrize(
    "surface",
    [
        SURFACES["valley"],
        replace(SURFACES["rosenbrock"], angle=45.0),
        replace(SURFACES["noise"], seed=3),
        own_surface("2**-x + abs(x - y)/pi - -(x*y)^2 + sin(x)/(y + 3)"),
    ],
    ids=lambda surface: surface.title,
)
def test_it_walks_the_paths_of_the_page(surface: Surface) -> None:
    rules = {title: replace(rule, rate=0.001) for title, rule in OPTIMISERS.items()}
    rules["Adam"] = replace(rules["Adam"], amsgrad=True, weight_decay=0.1)
    code = terrain_snippet(surface, rules | {"no root": replace(rules["RMSProp"], root=False)}, (0.9, 0.4), 30)
    assert "explorer" not in code
    assert "# no root as set here" in code
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "snippet", "exec"), names)
    assert list(names["paths"]) == list(rules)
    for title, path in zip(rules, walk(surface, list(rules.values()), (0.9, 0.4), 30), strict=True):
        np.testing.assert_allclose(names["paths"][title].numpy(), path.places, rtol=1e-9, atol=1e-12)
    assert printed.getvalue().splitlines()[0].startswith("SGD [")


@given(expressions())
def test_a_formula_is_written_so_that_python_reads_the_same(text: str) -> None:
    try:
        program = read_formula(text).program
    except FormulaRejected:
        return
    wanted = by_pytorch(text, 0.7, 0.3)
    assume(np.isfinite(wanted).all())
    written = write_formula(program).replace("torch.", "")
    np.testing.assert_allclose(by_pytorch(written, 0.7, 0.3), wanted, rtol=1e-9)
