"""A folder as the data source that ciel knows: a web server on loopback for as long as it is asked.

FOLDER/FAMILY/VERSION/CONTENT.tar.zst     'common' and a file for each library, as ciel has them
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any

_PACKED = ".tar.zst"
_MANIFEST = "manifest.json"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a mirror; the value is its address."""
    handler = partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(SimpleHTTPRequestHandler):
    """Serves files, and manifests that say what files there are."""

    def do_GET(self) -> None:
        """Answer a request."""
        path = PurePosixPath(self.path)
        if path.name != _MANIFEST:
            super().do_GET()
            return
        manifest = self._manifest(path.parent)
        if manifest is None:
            self.send_error(404)
            return
        body = json.dumps(manifest).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _manifest(self, path: PurePosixPath) -> dict[str, Any] | None:
        folder = Path(self.translate_path(str(path)))
        if not folder.is_dir():
            return None
        files = sorted(file.name for file in folder.glob(f"*{_PACKED}"))
        if not files:
            found = (sub for sub in folder.iterdir() if any(sub.glob(f"*{_PACKED}")))
            return {"pdk": path.name, "versions": [_version(sub) for sub in sorted(found)]}
        base = f"http://{self.headers['Host']}{path}"
        assets = [
            {"content": name.removesuffix(_PACKED), "filename": name, "url": f"{base}/{name}"}
            for name in files
        ]
        return {"assets": assets}


def _version(folder: Path) -> dict[str, str]:
    changed = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    return {"version": folder.name, "date": changed.strftime("%Y-%m-%dT%H:%M:%SZ")}
