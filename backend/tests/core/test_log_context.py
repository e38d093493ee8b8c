"""Threads of an attempt write its ids, and nobody else does."""

import threading

from structlog.contextvars import bound_contextvars, get_contextvars

from app.core.logging import in_context


def test_a_thread_has_the_fields_of_where_it_was_made() -> None:
    seen: list[dict[str, object]] = []

    def note() -> None:
        seen.append(get_contextvars())

    with bound_contextvars(job=1):
        inside = threading.Thread(target=in_context(note))
        plain = threading.Thread(target=note)
    for thread in (inside, plain):
        thread.start()
        thread.join()
    assert [one.get("job") for one in seen] == [1, None]
