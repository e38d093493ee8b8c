"""What a step changed of the metrics."""

from pathlib import Path

from app.toolchains.base import Value
from app.toolchains.librelane.metrics import state_metrics

_MOST = 200


def metric_changes(run: Path, folder: str) -> dict[str, tuple[Value | None, Value]]:
    """Return what a step that ended well changed: a metric's value before and after.

    None before: there was none. Of more than 200 changes those that are not of one corner alone.
    """
    before = state_metrics(run, f"{folder}/state_in.json") or {}
    after = state_metrics(run, f"{folder}/state_out.json") or {}
    changed = {
        name: (before.get(name), value)
        for name, value in after.items()
        if not _same(before.get(name), value)
    }
    kept = set(sorted(changed, key=lambda name: ":" in name)[:_MOST])
    return {name: change for name, change in changed.items() if name in kept}


def _same(before: Value | None, after: Value) -> bool:
    """Return whether nothing changed; NaN stays NaN."""
    return before == after or str(before) == str(after) == "nan"
