"""Whether a value is one that LibreLane takes for a type.

LibreLane is lenient where a config has no `meta.version` or version 1: a text may stand for a
number, a boolean, a list or a mapping. With version 2 it wants JSON's own kinds. So do we, but for
what can only be a mistake: true for a number, 1.5 for an integer, NaN.
"""

import difflib
import re
import shlex
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from app.toolchains.librelane.catalog import ValueType
from app.toolchains.librelane.catalog.model import FALSE_WORDS
from app.toolchains.librelane.references import is_reference

#: What LibreLane turns into a list of files before it looks at types.
DIR_PREFIX = "dir::"
_TRUE_WORDS = ("1", "true", "True")
_WITH_UNIT = re.compile(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([^\W\d]+|%)\s*", re.IGNORECASE)
_MOST_SHOWN = 80
_MOST_SPLIT = 100_000


class MismatchError(Exception):
    """A value is not of its type. `where` is its place in the variable's value, as '.gds[0]'."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where
        self.message = message


def shown(value: Any) -> str:
    """Return a value for a message: short, and without characters that do harm."""
    text = ascii(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def paths_in(of: ValueType, value: Any, *, strict: bool) -> list[str]:
    """Return the paths in a value of a type; MismatchError if it is not of the type.

    `strict`: the config has version 2.
    """
    return list(_Reader(strict).read(of, value, ""))


class _Reader:
    """Goes through a value along its type; yields the paths."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict

    def read(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        if is_reference(value):  # LibreLane puts another in its place
            return
        if of.kind == "any" or (of.kind == "optional" and value is None):
            return
        if value is None:
            raise MismatchError(where, "null is not allowed")
        compound = getattr(self, f"_{of.kind}", None)
        if compound is not None:
            yield from compound(of, value, where)
        else:
            self._scalar(of.kind, value, where)

    def _optional(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        yield from self.read(of.of[0], value, where)

    def _union(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        for member in of.of:
            try:
                found = list(self.read(member, value, where))
            except MismatchError:
                continue
            # What may be something else as well need not be a file's name.
            yield from found if all(one.kind != "text" for one in of.of) else ()
            return
        raise MismatchError(where, f"{shown(value)} is not {of}")

    def _enum(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        if any(value == one and isinstance(value, type(one)) for one in of.choices):
            return iter(())
        near = difflib.get_close_matches(str(value)[:100], map(str, of.choices), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise MismatchError(where, f"{shown(value)} is not {of}{hint}")

    def _list(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        items = self._items(of, value, where)
        if of.of[0].kind == "path":  # patterns may stand for several files each
            items = [one for item in items for one in (item if isinstance(item, list) else [item])]
        for number, item in enumerate(items):
            yield from self.read(of.of[0], item, f"{where}[{number}]")

    def _tuple(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        items = self._items(of, value, where)
        if len(items) != len(of.of):
            raise MismatchError(where, f"{shown(value)} has {len(items)} values, not {len(of.of)}")
        for number, (member, item) in enumerate(zip(of.of, items, strict=True)):
            yield from self.read(member, item, f"{where}[{number}]")

    def _items(self, of: ValueType, value: Any, where: str) -> list[Any]:
        if isinstance(value, list):
            return value
        if isinstance(value, str) and value.startswith(DIR_PREFIX):
            return [value]
        if not isinstance(value, str):
            raise MismatchError(where, f"{shown(value)} is no list: {of}")
        self._may_convert(value, where, "a list")
        return split_words(value)

    def _dict(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        for key, item in self._pairs(value, where):
            yield from self.read(of.of[0], key, where)
            yield from self.read(of.of[1], item, f"{where}.{key}")

    def _pairs(self, value: Any, where: str) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            return list(value.items())
        if not isinstance(value, list | str):
            raise MismatchError(where, f"{shown(value)} is no mapping")
        self._may_convert(value, where, "a mapping")
        try:
            words = shlex.split(value) if isinstance(value, str) else value
        except ValueError as error:
            raise MismatchError(where, f"{shown(value)} cannot be split: {error}") from None
        if len(words) % 2:
            raise MismatchError(where, f"{shown(value)} has a key without a value")
        return list(zip(words[::2], words[1::2], strict=True))

    def _record(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            raise MismatchError(where, f"{shown(value)} is no mapping: {of}")
        fields = {field.name: field for field in of.fields}
        for name in value:
            if name not in fields:
                raise MismatchError(where, f"{shown(name)} is not a field of {of}")
        for name, field in fields.items():
            if name in value:
                yield from self.read(field.type, value[name], f"{where}.{name}")
            elif field.is_required and field.type.kind != "optional":
                raise MismatchError(where, f"{name!r} is missing: {of}")

    def _path(self, of: ValueType, value: Any, where: str) -> Iterator[str]:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, str) or not value:
            raise MismatchError(where, f"{shown(value)} is not a file's path")
        return iter((value,))

    def _scalar(self, kind: str, value: Any, where: str) -> None:
        check, words = _SCALARS[kind]
        if isinstance(value, str) and kind != "text":
            self._may_convert(value, where, words)
        if not check(value) or (self._strict and kind == "bool" and not isinstance(value, bool)):
            raise MismatchError(where, f"{shown(value)} is not {words}{_about_unit(value)}")

    def _may_convert(self, value: Any, where: str, words: str) -> None:
        if self._strict:
            raise MismatchError(
                where, f"{shown(value)} is not {words}, as a config of version 2 needs it"
            )
        if len(value) > _MOST_SPLIT:
            raise MismatchError(where, f"{shown(value)} is too long")


def split_words(text: str) -> list[str]:
    """Return the items of a text where LibreLane wants a list."""
    separator = next((one for one in ",;" if one in text), None)
    items = text.split(separator)
    return items[:-1] if items and items[-1] == "" else items


def _about_unit(value: Any) -> str:
    found = _WITH_UNIT.fullmatch(value) if isinstance(value, str) and len(value) < 100 else None
    return f"; leave out {found[2]!r} and write {found[1]}" if found else ""


def _is_bool(value: Any) -> bool:
    if isinstance(value, str):
        return value in (*_TRUE_WORDS, *FALSE_WORDS)
    return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))


def _is_int(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return int(value) == value if isinstance(value, float) else isinstance(int(value), int)
    except (ValueError, TypeError, OverflowError):
        return False


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


_SCALARS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "bool": (_is_bool, "true or false"),
    "int": (_is_int, "an integer"),
    "float": (_is_number, "a number"),
    "decimal": (_is_number, "a number"),
    "text": (lambda value: isinstance(value, str), "a text"),
}
