r"""The records of a pax header: b'30 mtime=1700000000.123456789\n', one after another."""

from app.projects.archives.refusal import RefusedError

_BROKEN = "has a broken pax header."


def read_records(body: bytes) -> dict[bytes, bytes]:
    """Return keyword and value of each record; of several with one keyword the last."""
    records: dict[bytes, bytes] = {}
    place = 0
    while place < len(body):
        length = _length(body[place : place + 8])
        record = body[place : place + length]
        _, space, rest = record.partition(b" ")
        keyword, sign, value = rest.partition(b"=")
        if len(record) < length or not record.endswith(b"\n") or not (space and sign and keyword):
            raise RefusedError(_BROKEN)
        records[keyword] = value[:-1]
        place += length
    return records


def _length(beginning: bytes) -> int:
    digits, space, _ = beginning.partition(b" ")
    if not space or not digits.isdigit() or int(digits) < 5:
        raise RefusedError(_BROKEN)
    return int(digits)
