"""Pool processes are told each for itself that they have to go."""

import os
import signal

from app.workers.watches import Watches


def test_who_is_told_to_go_is_the_only_one() -> None:
    """The object is made before the fork, as in Celery's main process."""
    watches = Watches()
    results, say = os.pipe()
    children = [_fork(watches, say, told=told) for told in (False, True)]
    for pid in children:
        os.waitpid(pid, 0)
    assert sorted(os.read(results, 100).split()) == [b"False", b"True"]


def _fork(watches: Watches, say: int, *, told: bool) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        watches.listen()
        if told:
            signal.signal(signal.SIGTERM, lambda *_: watches.shut_down())
            os.kill(os.getpid(), signal.SIGTERM)
        going = watches.going.wait(60 if told else 0.5)
        os.write(say, f"{going} ".encode())
    finally:
        os._exit(0)
