"""JSON schemas in few words."""

from collections.abc import Iterator
from typing import Any

_NAMES = {"string": "text", "number": "number", "integer": "integer", "boolean": "true or false"}
_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
}
_FORMATS = {"date-time": "time", "binary": "bytes"}


def kind_of(schema: dict[str, Any]) -> str:
    """Return what a schema takes, in Markdown."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(kind_of, schema["anyOf"])))
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array":
        return _array(schema)
    if kind == "object":
        return _object(schema)
    name = _FORMATS.get(schema.get("format", ""), _NAMES.get(kind, kind))
    return ", ".join([name, *_bounds(schema)])


def _array(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(kind_of, schema['prefixItems']))}]"
    return f"list of {kind_of(schema.get('items', {}))}"


def _object(schema: dict[str, Any]) -> str:
    values = schema.get("additionalProperties")
    return f"object of {kind_of(values)}" if isinstance(values, dict) else "object"


def _bounds(schema: dict[str, Any]) -> Iterator[str]:
    for name, words in _BOUNDS.items():
        if name in schema:
            yield words.format(schema[name])
