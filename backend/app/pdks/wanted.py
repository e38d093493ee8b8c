"""Which versions a LibreLane was made for: its file pdk_hashes.yaml."""

import subprocess

import yaml  # type: ignore[import-untyped]

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.pdks import is_word

_ASK = (
    "from importlib.util import find_spec; from pathlib import Path; "
    "print(Path(find_spec('librelane').origin).with_name('pdk_hashes.yaml').read_text())"
)


def wanted_versions(settings: Settings) -> dict[str, str]:
    """Return them by family; none if there is no LibreLane here, or it does not say."""
    try:
        installation = find_installation(settings)
        told = yaml.safe_load(installation.ask((str(installation.python), "-c", _ASK)))
    except (BadInputError, OSError, subprocess.SubprocessError, yaml.YAMLError):
        return {}
    pairs = told.items() if isinstance(told, dict) else ()
    return {family: version for family, version in pairs if is_word(family) and is_word(version)}
