"""Values as a Python program prints them, said in JSON: dictionaries with single quotes, and objects such as `ChatCompletion(id='x', ...)`."""

from __future__ import annotations

import ast
from typing import Any

import orjson

MAX_CHARS = 200_000
"""Longer texts are left as they are."""


def json_of_python(written: str) -> str | None:
    """Return a printed dictionary, list or object as JSON; None if the text is none. Nothing of it is run."""
    value = python_value(written)
    try:
        return orjson.dumps(value).decode() if isinstance(value, dict | list) else None
    except (orjson.JSONEncodeError, RecursionError):
        return None


def python_value(written: str) -> object:
    """Return the value that a text of Python states; None if it is none."""
    if len(written) > MAX_CHARS:
        return None
    try:
        return _value(ast.parse(written.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(node: ast.AST) -> Any:  # noqa: ANN401
    """Return what a node states; an object is its fields by name.

    Raises:
        ValueError: it is something that a printed value has not.
    """
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {str(_value(key)): _value(value) for key, value in zip(keys, values, strict=True) if key is not None}
        case ast.Call(func=ast.Name(), args=[], keywords=fields):
            return {field.arg: _value(field.value) for field in fields if field.arg is not None}
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
    message = "no printed value"
    raise ValueError(message)
