"""Live hints over Redis: new log bytes, and the wish to cancel.

Keys:
    a6hub:log:{job}   stream    entries {attempt, offset, data}; without data: the job's state has
                                changed; capped, gone an hour after the last
    a6hub:cancel      channel   the id of a job whose cancel flag is to be looked at now
"""

import threading
from collections.abc import Callable

from redis import Redis
from redis.client import PubSub

from app.jobs.broker import BROKER_ERRORS
from app.jobs.claims import Claim

#: Entries kept in a job's stream, about: Redis trims whole nodes. Who is behind reads the store.
STREAM_ENTRIES = 256
STREAM_SECONDS = 3600
CANCEL_CHANNEL = "a6hub:cancel"


def stream_key(job_id: int) -> str:
    """Return the key of a job's stream."""
    return f"a6hub:log:{job_id}"


class LiveStream:
    """The sending side. Raises the broker's errors; losing what is sent here does no harm."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, claim: Claim, offset: int, data: bytes) -> None:
        """Show the bytes `data` of the log from byte `offset`."""
        key = stream_key(claim.job_id)
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.xadd(
                key,
                {"attempt": claim.attempt, "offset": offset, "data": data},
                maxlen=STREAM_ENTRIES,
                approximate=True,
            )
            pipe.expire(key, STREAM_SECONDS)
            pipe.execute()

    def job_changed(self, claim: Claim) -> None:
        """Have those who watch look at the job's state now: an entry without bytes."""
        try:
            self.add(claim, 0, b"")
        except BROKER_ERRORS:
            return  # they look by themselves after a while

    def ask_to_cancel(self, job_id: int) -> None:
        """Tell whoever runs the job to look at its cancel flag."""
        self._redis.publish(CANCEL_CHANNEL, str(job_id))


class CancelListener:
    """The receiving side of a process: calls `on_cancel` with the job ids that are named.

    While Redis is away nothing is heard; the heartbeat sees the flag then.
    """

    RETRY_SECONDS = 1.0

    def __init__(self, redis: Redis, on_cancel: Callable[[int], None]) -> None:
        self._redis = redis
        self._on_cancel = on_cancel
        self._closing = threading.Event()

    def start(self) -> None:
        """Listen, in a thread of its own, until close()."""
        threading.Thread(target=self._run, name="cancel listener", daemon=True).start()

    def close(self) -> None:
        """Stop listening, soon."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except BROKER_ERRORS:
                self._closing.wait(self.RETRY_SECONDS)

    def _listen(self) -> None:
        pubsub: PubSub = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with pubsub:
            pubsub.subscribe(CANCEL_CHANNEL)
            while not self._closing.is_set():
                message = pubsub.get_message(timeout=self.RETRY_SECONDS)
                if message is not None and bytes(message["data"]).isdigit():
                    self._on_cancel(int(message["data"]))
