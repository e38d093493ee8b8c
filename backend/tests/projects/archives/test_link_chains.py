"""Chains of links in archives."""

import pytest

from app.projects.archives.links import resolve
from app.projects.archives.refusal import RefusedError


def test_a_long_chain_of_links_is_refused() -> None:
    """Else a small archive keeps the server busy for minutes."""
    links = {f"l{number}": f"l{number + 1}" for number in range(50)}
    with pytest.raises(RefusedError, match="more than 40"):
        resolve(links, {"l50"})
