"""A formula in x and y that a person types: read into a program in postfix order, and never evaluated as code.

Evaluating carries every number with its slopes by x and by y (dual numbers, Clifford 1873), so one pass through the
program gives the value and the gradient. The browser walks through the same program in the same order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import e, isfinite, pi
from typing import Final, NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from explorer.neurons.activations import Numbers

MOST_CHARACTERS: Final = 80

Program = tuple[float | str, ...]

_CONSTANTS: Final = {"pi": pi, "e": e}
_TOKEN: Final = re.compile(r"\s*((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\*\*|[-+*/^(),])", re.ASCII)
_ZERO: Final = np.zeros(())
_ONE: Final = np.ones(())


class FormulaRejected(ValueError):
    """What was typed is no such formula; the message says what is wrong and what would work."""


class Dual(NamedTuple):
    """Numbers with their slopes."""

    value: Numbers
    by_x: Numbers
    by_y: Numbers


@dataclass(frozen=True)
class Formula:
    """A formula that was read.

    Attributes:
        text: as it was typed.
        program: numbers, "x", "y", and the signs and functions that take what stands before them: "+", "-", "*", "/",
            "**", "neg", "sin", "cos", "exp", "log", "sqrt", "abs". What has neither x nor y in it is one number.
    """

    text: str
    program: Program

    def evaluate(self, x: ArrayLike, y: ArrayLike) -> Dual:
        """Value and slopes at places of one shape; infinite or not a number where the formula is.

        At the kink of `abs` the slope is 0, and that of `sqrt` at 0 is infinite, as PyTorch has them.
        """
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        with np.errstate(all="ignore"):
            result = _run(self.program, x, y)
        return Dual(*(each if np.shape(each) == x.shape else np.broadcast_to(each, x.shape) for each in result))


def read_formula(text: str) -> Formula:
    """A formula of at most 80 characters; "^" is read as "**", which goes before a sign: -x**2 is -(x**2).

    Raises:
        FormulaRejected: With one sentence, if it is none.
    """
    text = text.strip()
    if not text:
        raise FormulaRejected("Type a formula in x and y, such as x**2 + 10*y**2.")
    if len(text) > MOST_CHARACTERS:
        raise FormulaRejected(f"A formula has at most {MOST_CHARACTERS} characters; this one has {len(text):,}.")
    program = _Reader(text.replace("−", "-")).read()  # the minus that pages print
    if not {"x", "y"} & set(program):
        raise FormulaRejected("A formula needs x or y in it, such as x**2 + 10*y**2; without them it is flat.")
    return Formula(text, program)


def _run(program: Program, x: Numbers, y: Numbers) -> Dual:
    stack = list[Dual]()
    for item in program:
        if isinstance(item, float):
            stack.append(Dual(np.asarray(item), _ZERO, _ZERO))
        elif item == "x":
            stack.append(Dual(x, _ONE, _ZERO))
        elif item == "y":
            stack.append(Dual(y, _ZERO, _ONE))
        elif item in _FUNCTIONS:
            number = stack.pop()
            value, slope = _FUNCTIONS[item](number.value)
            stack.append(Dual(value, _times(number.by_x, slope), _times(number.by_y, slope)))
        else:
            right = stack.pop()
            stack.append(_combine(item, stack.pop(), right))
    return stack[0]


def _combine(sign: str, left: Dual, right: Dual) -> Dual:
    (a, ax, ay), (b, bx, by) = left, right
    if sign == "+":
        return Dual(a + b, _plus(ax, bx), _plus(ay, by))
    if sign == "-":
        return Dual(a - b, _minus(ax, bx), _minus(ay, by))
    if sign == "*":
        return Dual(a * b, _plus(_times(ax, b), _times(bx, a)), _plus(_times(ay, b), _times(by, a)))
    if sign == "/":
        quotient = a / b
        return Dual(quotient, _over(_minus(ax, _times(bx, quotient)), b), _over(_minus(ay, _times(by, quotient)), b))
    power = a**b
    if bx is _ZERO and by is _ZERO:  # the exponent is a number
        slope = b * a ** (b - 1.0) if b else _ZERO
        return Dual(power, _times(ax, slope), _times(ay, slope))
    # 0 where one would be 0 times infinity, as in PyTorch.
    slope = np.where(b == 0, 0.0, b * a ** (b - 1.0))
    growth = np.where((a == 0) & (b >= 0), 0.0, power * np.log(a))
    by_x, by_y = (np.where(each == 0, 0.0, growth * each) for each in (bx, by))
    return Dual(power, slope * ax + by_x, slope * ay + by_y)


def _plus(left: Numbers, right: Numbers) -> Numbers:
    return right if left is _ZERO else left if right is _ZERO else left + right


def _minus(left: Numbers, right: Numbers) -> Numbers:
    return left if right is _ZERO else left - right


def _times(slope: Numbers, number: Numbers) -> Numbers:
    """What has no x in it costs no time for its slope by x."""
    return _ZERO if slope is _ZERO else number if slope is _ONE else slope * number


def _over(slope: Numbers, number: Numbers) -> Numbers:
    return _ZERO if slope is _ZERO else slope / number


_FUNCTIONS: Final[Mapping[str, Callable[[Numbers], tuple[Numbers, Numbers]]]] = {
    "neg": lambda v: (-v, -_ONE),
    "sin": lambda v: (np.sin(v), np.cos(v)),
    "cos": lambda v: (np.cos(v), -np.sin(v)),
    "exp": lambda v: (power := np.exp(v), power),
    "log": lambda v: (np.log(v), 1.0 / v),
    "sqrt": lambda v: (root := np.sqrt(v), 0.5 / root),
    "abs": lambda v: (np.abs(v), np.sign(v)),
}
"""Value and slope."""

_TYPED: Final = tuple(name for name in _FUNCTIONS if name != "neg")
_TAKES: Final = f"takes x, y, numbers, pi, e, + - * / ** ( ) and {', '.join(_TYPED)}; a product is written x*y"


class _Reader:
    """Reads a text from left to right, one rule of the grammar a method; each gives a program."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = list[tuple[int, int]]()
        end = 0
        while end < len(text):
            if (match := _TOKEN.match(text, end)) is None:
                _reject_sign(text[end:].lstrip()[0])
            self.spans.append(match.span(1))
            end = match.end()
        self.at = 0

    @property
    def token(self) -> str:
        """The one that is read next; empty at the end."""
        return self.text[slice(*self.spans[self.at])] if self.at < len(self.spans) else ""

    def take(self, *tokens: str) -> str:
        """The next token, and past it, if it is one of these; else nothing."""
        if (token := self.token) not in tokens:
            return ""
        self.at += 1
        return token

    def read(self) -> Program:
        program = self.sum()
        if self.token == ")":
            raise FormulaRejected("There is a “)” too many; each closes one “(”.")
        if self.token:
            self.refuse_next()
        return program

    def sum(self) -> Program:
        return self.chain(self.product, "+", "-")

    def product(self) -> Program:
        return self.chain(self.signed, "*", "/")

    def chain(self, part: Callable[[], Program], *signs: str) -> Program:
        start = self.at
        program = part()
        while sign := self.take(*signs):
            program = self.join(start, program, part(), sign)
        return program

    def signed(self) -> Program:
        start = self.at
        if self.take("+"):
            return self.signed()
        if self.take("-"):
            return self.join(start, self.signed(), "neg")
        base = self.atom()
        return self.join(start, base, self.signed(), "**") if self.take("**", "^") else base

    def atom(self) -> Program:
        start, token = self.at, self.token
        self.at += 1
        if token in ("x", "y"):
            return (token,)
        if token in _CONSTANTS:
            return (_CONSTANTS[token],)
        if token[:1].isdigit() or token[:1] == ".":
            return self.join(start, (float(token),))
        if token == "(":
            program = self.sum()
            self.close()
            return program
        if token in _TYPED:
            if not self.take("("):
                raise FormulaRejected(f"What {token} is taken of stands in brackets, such as {token}(x).")
            if self.token == ")":
                raise FormulaRejected(f"{token} takes one number, such as {token}(x).")
            program = self.sum()
            if self.token == ",":
                raise FormulaRejected(f"{token} takes one number, such as {token}(x), not several.")
            self.close()
            return self.join(start, program, token)
        if token[:1].isalpha() or token[:1] == "_":
            raise FormulaRejected(f"“{token}” is not known: a formula {_TAKES}.")
        where = f"before “{token}”" if token else "at the end"
        raise FormulaRejected(f"A number, x, y or a function is missing {where}; x**2 + 10*y**2 would work.")

    def close(self) -> None:
        if not self.token:
            raise FormulaRejected("A “(” is never closed; put a “)” where it ends.")
        if not self.take(")"):
            self.refuse_next()

    def refuse_next(self) -> NoReturn:
        if self.token == ",":
            raise FormulaRejected("A comma has no place here: a number is written 0.5, and functions take one.")
        before = self.text[slice(*self.spans[self.at - 1])]
        raise FormulaRejected(f"A sign is missing between “{before}” and “{self.token}”; a product is written 2*x.")

    def join(self, start: int, *parts: Program | str) -> Program:
        """One program of its parts; one number if it holds neither x nor y.

        Args:
            start: where it begins among the tokens.
            parts: in the order in which they are worked off.
        """
        program = tuple(item for part in parts for item in ((part,) if isinstance(part, str) else part))
        if "x" in program or "y" in program:
            return program
        with np.errstate(all="ignore"):
            value = float(_run(program, _ZERO, _ZERO).value)
        if not isfinite(value):
            part = self.text[self.spans[start][0] : self.spans[self.at - 1][1]]
            raise FormulaRejected(f"“{part}” is no finite number; put a smaller or another one there.")
        return (value,)


def _reject_sign(sign: str) -> NoReturn:
    name = unicodedata.name(sign, f"U+{ord(sign):04X}")
    shown = f"“{sign}”" if sign.isascii() else f"“{sign}” ({name})"  # which may look like one that has its place
    raise FormulaRejected(f"{shown if sign.isprintable() else name} has no place in a formula, which {_TAKES}.")
