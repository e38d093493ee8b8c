"""An authority of one's own, and certificates that it signs, made by openssl."""

import subprocess
from pathlib import Path


class Authority:
    """Signs certificates in a folder; `certificate` is what those have to trust who check them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.certificate = folder / "ca.crt"
        self._key = folder / "ca.key"
        wanted = ["-x509", "-subj", "/CN=An authority of the tests", "-days", "2"]
        wanted += ["-keyout", str(self._key), "-out", str(self.certificate)]
        self._make(wanted)

    def sign(self, name: str, place: str) -> tuple[Path, Path]:
        """Make `name`.crt and `name`.key for a host (`IP:127.0.0.1`, `DNS:redis`)."""
        certificate, key = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        wanted = ["-x509", "-CA", str(self.certificate), "-CAkey", str(self._key), "-days", "2"]
        wanted += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={place}"]
        wanted += ["-addext", "basicConstraints=critical,CA:FALSE"]
        wanted += ["-keyout", str(key), "-out", str(certificate)]
        self._make(wanted)
        return certificate, key

    def _make(self, wanted: list[str]) -> None:
        """Make a key without a password, and a certificate."""
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        command = ["openssl", "req", *curve, *wanted]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
