"""How to repeat a job without a6hub, for each toolchain."""

from collections.abc import Callable, Mapping
from typing import Any

from app.toolchains import icarus_recipe
from app.toolchains.base import Recipe
from app.toolchains.librelane import recipe as librelane_recipe

#: Is given a config that Toolchain.validate() returned, the details of the job's result (empty if
#: it has none), the revision's files, and what reads one of them.
MakeRecipe = Callable[
    [Mapping[str, Any], Mapping[str, Any], list[str], Callable[[str], bytes]], Recipe
]

#: By the toolchain's name. Each raises BadInputError for what could not be run either.
RECIPES: Mapping[str, MakeRecipe] = {
    "icarus": icarus_recipe.recipe,
    "librelane": librelane_recipe.recipe,
}
