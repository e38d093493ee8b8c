"""Live hints over Redis: new log bytes, and the wish to cancel.

Keys:
    a6hub:log:{job}      stream   entries {attempt, offset, data}; capped, gone an hour after the last
    a6hub:cancel:{job}   channel  any message: look at the cancel flag now
"""

from redis import Redis

from app.jobs.states import Claim

#: Entries kept in a job's stream (about; Redis trims whole nodes). Readers behind that use the store.
STREAM_ENTRIES = 256
STREAM_SECONDS = 3600


def stream_key(job_id: int) -> str:
    """Return the key of a job's stream."""
    return f"a6hub:log:{job_id}"


def cancel_channel(job_id: int) -> str:
    """Return the name of a job's cancel channel."""
    return f"a6hub:cancel:{job_id}"


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

    def ask_to_cancel(self, job_id: int) -> None:
        """Tell whoever runs the job to look at its cancel flag."""
        self._redis.publish(cancel_channel(job_id), b"cancel")
