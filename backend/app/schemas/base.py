"""What all bodies share."""

import math
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue


class Body(BaseModel):
    """A request body: a field that is not known is an error, not silently nothing."""

    model_config = ConfigDict(extra="forbid")


def example(body: dict[str, JsonValue]) -> ConfigDict:
    """Return the `model_config` of a body with an example for the document."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class View(BaseModel):
    """A response body, read from a row."""

    model_config = ConfigDict(from_attributes=True)


def _no_control_characters(text: str) -> str:
    for character in text:
        if ord(character) < 0x20 and character not in "\n\t":
            raise ValueError(f"must not hold the control character U+{ord(character):04X}")
        if 0xD800 <= ord(character) <= 0xDFFF:
            raise ValueError("must not hold half a surrogate pair")
    return text


#: To be put last on a string: the text is one that every database takes (PostgreSQL refuses NUL).
PlainText = AfterValidator(_no_control_characters)


def _plain_json(value: Any) -> Any:
    """Refuse, at any depth, what JSON and the databases have no place for."""
    if isinstance(value, str):
        _no_control_characters(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"must not hold {value}, which is no JSON number")
    elif isinstance(value, dict):
        for key, item in value.items():
            _plain_json(key)
            _plain_json(item)
    elif isinstance(value, list):
        for item in value:
            _plain_json(item)
    return value


#: To be put on a free-form value: it is one that JSON and every database takes.
PlainJson = AfterValidator(_plain_json)
