"""Telling the attempt that a pool process works on to look up, or to stop."""

import os
import threading

from app.jobs.watch import Watch


class Watches:
    """The watch of the attempt that this process works on; a pool process has one at a time."""

    def __init__(self) -> None:
        #: Set when the worker is about to go: soon after `told_to_go`, which is not waited for.
        self.going = threading.Event()
        self.told_to_go = False
        self._current: Watch | None = None
        self._say = -1

    def listen(self) -> None:
        """Wait for the word that the worker goes, in a thread.

        The pipe is made here, after the fork: one for all pool processes would tell the wrong one.
        """
        word, self._say = os.pipe()
        threading.Thread(target=self._hear, args=(word,), name="shut-down", daemon=True).start()

    def begin(self, watch: Watch) -> None:
        """Note the watch of an attempt that begins."""
        self._current = watch
        if self.going.is_set():
            watch.shut_down()

    def nudge(self, job_id: int) -> None:
        """Have the job's watch look at its cancel flag, if the job is worked on here."""
        watch = self._current
        if watch is not None and watch.job_id == job_id:
            watch.nudge()

    def shut_down(self) -> None:
        """Have what is worked on handed back.

        A signal handler calls it, perhaps while the same thread holds the lock of an event: so it
        takes none, and leaves the rest to the thread that listens.
        """
        self.told_to_go = True
        os.write(self._say, b"!")

    def _hear(self, word: int) -> None:
        os.read(word, 1)
        self.going.set()
        if self._current is not None:
            self._current.shut_down()


#: This process's.
watches = Watches()
