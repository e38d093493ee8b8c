"""`python -m app.cli.healthy URL`: whether that answers with 200; for health checks of containers.

It loads nothing of a6hub: it is run every few seconds.
"""

import http.client
import sys
from urllib.parse import urlsplit

SECONDS = 4.0


def is_healthy(url: str) -> bool:
    """Return whether `url` answers with 200 in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1]))
