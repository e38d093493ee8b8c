"""Redis over TLS: who answers has to show a certificate for the host's name that is trusted."""

from typing import Any

from app.core.settings import Settings


def tls_options(settings: Settings) -> dict[str, Any]:
    """Return what redis-py, kombu and Celery have to know of TLS alike; nothing without it.

    Words and texts only: Celery shows its configuration as JSON.
    """
    if not settings.redis_is_encrypted:
        return {}
    files = {
        "ssl_ca_certs": settings.redis_ca_file,
        "ssl_certfile": settings.redis_cert_file,
        "ssl_keyfile": settings.redis_key_file,
    }
    known = {name: str(path) for name, path in files.items() if path is not None}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **known}


def celery_tls(settings: Settings) -> dict[str, Any]:
    """Return the settings of a Celery app for it."""
    options = tls_options(settings)
    return {"broker_use_ssl": options, "redis_backend_use_ssl": options} if options else {}
