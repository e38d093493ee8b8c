"""What a job is to be done with: its config, checked and completed by its toolchain."""

from functools import cache
from typing import Any

from app.core.errors import InvalidError
from app.jobs.context import Context
from app.jobs.offers import offered
from app.storage.blobs import get_blob
from app.storage.trees import TreeFile
from app.toolchains.base import BadInputError, Toolchain
from app.toolchains.registry import make_toolchains


def offered_toolchains(context: Context) -> dict[str, Toolchain]:
    """Return the toolchains, which know what workers offer: asked once, the same for all uses."""
    return make_toolchains(context.settings, cache(lambda: offered(context)))


def complete_config(
    context: Context, toolchain: Toolchain, config: dict[str, Any], tree: dict[str, TreeFile]
) -> tuple[dict[str, Any], str]:
    """Return a config complete, and the key of what a worker needs for it. InvalidError."""
    if not tree:
        raise InvalidError("The project has no files; upload the design first.")
    paths = sorted(tree)
    read = cache(lambda path: get_blob(context.store, tree[path].digest))
    try:
        complete = toolchain.validate(config, paths, read)
        return complete, toolchain.needs(complete, paths, read).key
    except BadInputError as error:
        raise InvalidError.of([(error.field, error.message), *error.more]) from error
