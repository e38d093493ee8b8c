"""Numbers as people read them."""

import json
import math
from typing import Any

_UNITS = ("B", "KiB", "MiB", "GiB")
_INFINITE = {"Infinity": "∞", "-Infinity": "-∞", "NaN": "no number"}


def seconds_in_words(value: float | None) -> str:
    """Return '4.2 s', '3 min 5 s' or '2 h 4 min'; '' for None."""
    if value is None:
        return ""
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def bytes_in_words(size: int | None) -> str:
    """Return '12 KiB'; '' for None."""
    if size is None:
        return ""
    unit, left = 0, float(size)
    while left >= 1024 and unit < len(_UNITS) - 1:
        unit, left = unit + 1, left / 1024
    return f"{left:.1f} {_UNITS[unit]}" if unit and left < 10 else f"{left:.0f} {_UNITS[unit]}"


def number_in_words(value: Any) -> str:
    """Return a metric's value, with six digits at most behind the first; '-' for None."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    return _INFINITE.get(value, str(value))


def figure_in_words(value: Any) -> str:
    """Return one of the main numbers: four digits, or all before the point."""
    if not isinstance(value, float) or not math.isfinite(value):
        return number_in_words(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def json_in_words(value: Any) -> str:
    """Return JSON in lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def number_of_value(value: Any) -> float:
    """Return a value as a number; NaN if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
