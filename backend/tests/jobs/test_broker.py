"""A broker that is away is told of at once: whoever submits a job waits for that."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from app.core.settings import Settings
from app.jobs.broker import BROKER_ERRORS, Broker

pytestmark = pytest.mark.system


class Deaf:
    """Servers that hang up on everybody, and count whom."""

    def __init__(self, many: int) -> None:
        self.calls: Counter[int] = Counter()
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(many)]
        self.ports = [one.getsockname()[1] for one in self._listeners]
        for listener in self._listeners:
            threading.Thread(target=self._hang_up, args=(listener,), daemon=True).start()

    def _hang_up(self, listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:  # the test is over
                return
            self.calls[listener.getsockname()[1]] += 1
            caller.close()

    def close(self) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deaf]:
    monkeypatch.setattr("app.jobs.broker.SOCKET_SECONDS", 60.0)  # they hang up, if late
    servers = Deaf(3)
    yield servers
    servers.close()


ASKING: list[Callable[[Broker], object]] = [lambda broker: broker.send(1, "build"), Broker.epoch]


@pytest.mark.parametrize("ask", ASKING, ids=["send", "epoch"])
def test_each_sentinel_is_asked_once(deaf: Deaf, ask: Callable[[Broker], object]) -> None:
    broker = Broker(Settings(redis_sentinels=" ".join(f"127.0.0.1:{p}" for p in deaf.ports)))
    with pytest.raises(BROKER_ERRORS):
        ask(broker)
    assert deaf.calls == dict.fromkeys(deaf.ports, 1)


@pytest.mark.parametrize("ask", ASKING, ids=["send", "epoch"])
def test_a_redis_that_is_away_is_asked_once(deaf: Deaf, ask: Callable[[Broker], object]) -> None:
    broker = Broker(Settings(celery_broker_url=f"redis://127.0.0.1:{deaf.ports[0]}/0"))
    with pytest.raises(BROKER_ERRORS):
        ask(broker)
    assert deaf.calls == {deaf.ports[0]: 1}
