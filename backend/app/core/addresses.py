"""Addresses in settings."""


def parse_address(value: object) -> object:
    """Return ('127.0.0.1', 9808) for '127.0.0.1:9808', and what is no text as it is."""
    if not isinstance(value, str):
        return value
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"must be host:port, such as 127.0.0.1:9808, not {value!r}")
    return host.strip("[]"), int(port)
