"""Formulas that are typed: what they are worth by CPython's own parser and PyTorch's autograd, and what is refused."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

from explorer.learning.terrain.formula import MOST_CHARACTERS, FormulaRejected, read_formula

PIECES = (
    *("x", "y", "2", "0.5", ".5", "3.", "1e2", "1e-3", "pi", "e", "+", "-", "−", "*", "/", "**", "^", "(", ")"),
    *("sin(", "cos(", "exp(", "log(", "sqrt(", "abs("),
)
STRANGE = (
    "; ",
    "x.y",
    "__class__",
    "lambda",
    "==",
    "<",
    "1j",
    "'a'",
    "[",
    "х",
    "²",
    "\x00",
    "\n",
    ",",
    "\\",
    "#",
    "0x1",
)


def by_pytorch(text: str, x: float, y: float) -> list[float]:
    """Value and slopes: parsed by CPython, computed and differentiated by PyTorch."""
    places = {name: torch.tensor(at, dtype=torch.float64, requires_grad=True) for name, at in (("x", x), ("y", y))}
    signs = {ast.Add: torch.add, ast.Sub: torch.sub, ast.Mult: torch.mul, ast.Div: torch.div, ast.Pow: torch.pow}

    def visit(node: ast.expr) -> torch.Tensor:
        match node:
            case ast.Constant(int() | float() as value):
                return torch.tensor(float(value), dtype=torch.float64)
            case ast.Name(name):
                return (
                    places[name]
                    if name in places
                    else torch.tensor({"pi": np.pi, "e": np.e}[name], dtype=torch.float64)
                )
            case ast.UnaryOp(ast.USub(), inner):
                return -visit(inner)
            case ast.UnaryOp(ast.UAdd(), inner):
                return visit(inner)
            case ast.BinOp(left, sign, right):
                return signs[type(sign)](visit(left), visit(right))
            case ast.Call(ast.Name(name), [argument], []):
                return {f: getattr(torch, f) for f in ("sin", "cos", "exp", "log", "sqrt", "abs")}[name](
                    visit(argument)
                )
        raise ValueError(ast.dump(node))

    loss = visit(ast.parse(" ".join(text.replace("^", "**").replace("−", "-").split()), mode="eval").body)
    slopes = torch.autograd.grad(loss, list(places.values()), allow_unused=True)
    return [loss.item(), *(0.0 if slope is None else slope.item() for slope in slopes)]


def expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["x", "y", "x", "y", "2", "0.5", "3.", "1e-1", "pi", "e"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", " - ", "*", "/", "**", "^"]), inner).map("".join),
            inner.map("({})".format),
            inner.map("-{}".format),
            st.tuples(st.sampled_from(["sin", "cos", "exp", "log", "sqrt", "abs"]), inner).map("{0[0]}({0[1]})".format),
        ),
        max_leaves=6,
    )


@given(expressions(), st.floats(0.1, 2), st.floats(-2, 2))
@example("x**2**0.5 - -y^2", 1.5, 0.5)
@example("(x*y)**(x - y)/x - 2**-x", 1.5, 0.5)
@example("x**(y*0) + (x - 2)**0", 2.0, -1.0)
@example("abs(x*y) - y/x/2*-3", 1.0, 0.0)
@example("sqrt(-2)*x", 1.0, 1.0)
@example("y**x", 1.0, 0.0)
@example("(x*y)**(x + 1)", 1.0, -0.0)
def test_value_and_slopes_are_those_of_pytorch(text: str, x: float, y: float) -> None:
    assume(len(text) <= MOST_CHARACTERS)
    try:
        formula = read_formula(text)
    except FormulaRejected as refused:
        if not re.search(r"needs x or y|is no finite number", str(refused)):
            raise
        return
    wanted = by_pytorch(text, x, y)
    assume(np.isfinite(wanted).all())
    value, by_x, by_y = formula.evaluate(np.array([x, 1.0]), np.array([y, 1.0]))
    np.testing.assert_allclose([value[0], by_x[0], by_y[0]], wanted, rtol=1e-9, atol=1e-12)


@given(st.one_of(st.text(max_size=90), st.lists(st.sampled_from((*PIECES, *STRANGE)), max_size=25).map("".join)))
@example("(" * 80)
@example("-" * 79 + "x")
@example("sin(" * 19 + "x" + ")" * 3)
@example("9**9**9**9**9*x")
def test_whatever_is_typed_is_read_as_python_would_or_refused_in_a_sentence(text: str) -> None:
    try:
        formula = read_formula(text)
    except FormulaRejected as refused:
        said = str(refused)
        assert re.fullmatch(r"\S[^\n]{20,220}\.", said), said
        assert ". " not in said
        assert said.isprintable()
        return
    assume(not re.search(r"(?<![\d.])0\d", text))  # which Python refuses
    wanted = by_pytorch(text.strip(), 0.7, 0.3)
    assume(np.isfinite(wanted).all())
    np.testing.assert_allclose([float(each) for each in formula.evaluate(0.7, 0.3)], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a formula in x and y, such as"),
        ("x" * 81, "has at most 80 characters; this one has 81"),
        ("x + foo", "“foo” is not known: a formula takes x, y, numbers"),
        ("X**2", "“X” is not known"),
        ("xy", "“xy” is not known: .* a product is written x\\*y"),
        ("(x + y", "A “\\(” is never closed"),
        ("x + y)", "There is a “\\)” too many"),
        ("2x", "A sign is missing between “2” and “x”; a product is written 2\\*x"),
        ("x(1 + y)", "A sign is missing between “x” and “\\(”"),
        ("1j*x", "A sign is missing between “1” and “j”"),
        ("x.real", "“.” has no place in a formula, which takes"),
        ("x < y", "“<” has no place"),
        ("x == y", "“=” has no place"),
        ("'x'", "“'” has no place"),
        ("x if y else 2", "A sign is missing between “x” and “if”"),
        ("__import__('os')", "“'” has no place"),
        ("max(x, y)", "“max” is not known"),
        ("sin(x, y)", "sin takes one number, such as sin\\(x\\), not several"),
        ("sin()", "sin takes one number, such as sin\\(x\\)"),
        ("sin x", "What sin is taken of stands in brackets, such as sin\\(x\\)"),
        ("0,5*x", "A comma has no place here: a number is written 0.5"),
        ("х**2", "“х” \\(CYRILLIC SMALL LETTER HA\\) has no place"),
        ("x\u00b2", "“²” \\(SUPERSCRIPT TWO\\) has no place"),
        ("x\u200b + y", "ZERO WIDTH SPACE has no place"),
        ("x +", "A number, x, y or a function is missing at the end"),
        ("x * / y", "A number, x, y or a function is missing before “/”"),
        ("9**9**9*x", "“9\\*\\*9\\*\\*9” is no finite number"),
        ("x + 1/(2 - 2)", "“1/\\(2 - 2\\)” is no finite number"),
        ("x + log(-1)", "“log\\(-1\\)” is no finite number"),
        ("1e999*x", "“1e999” is no finite number"),
        ("2 + pi", "A formula needs x or y in it"),
    ],
)
def test_what_is_no_formula_is_said(text: str, said: str) -> None:
    with pytest.raises(FormulaRejected, match=said):
        read_formula(text)


def test_the_program_is_in_postfix_order_with_numbers_worked_out() -> None:
    program = read_formula("-x^2 + (1 + 2*3)*y/sin(y - -1)").program
    assert program == ("x", 2.0, "**", "neg", 7.0, "y", "*", "y", -1.0, "-", "sin", "/", "+")


def test_kinks_and_edges_are_pytorchs_and_nothing_is_raised() -> None:
    for text, x, y in (("abs(x) + y", 0.0, 1.0), ("sqrt(x)", 0.0, 1.0), ("x**0 + y", 0.0, 1.0), ("1/x", 0.0, 0.0)):
        np.testing.assert_array_equal(
            [float(each) for each in read_formula(text).evaluate(x, y)], by_pytorch(text, x, y)
        )
    assert np.isnan(read_formula("log(x)").evaluate(-1.0, 0.0).value)
    assert np.isinf(read_formula("exp(exp(x))").evaluate(10.0, 0.0).value)
