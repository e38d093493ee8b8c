"""What tools report, as tables and JSON take it: Infinity and NaN are results of flows."""

import math
import re
from typing import Any

from app.toolchains.base import Value

_UNFIT = re.compile("[\0\ud800-\udfff]")


def json_value(value: Value | None) -> Value | None:
    """Return a value as JSON takes it: 'Infinity', '-Infinity' and 'NaN' as texts."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def clean(value: Any) -> Any:
    """Return JSON, or what else a row holds, without what no table or answer takes in a text.

    That is NUL and halves of surrogate pairs, which hostile files and broken logs hold.
    """
    if isinstance(value, str):
        return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean(one) for one in value]
    return value


def number_of(text: str) -> Value:
    """Return a number from its text, or the text itself if it is none."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
