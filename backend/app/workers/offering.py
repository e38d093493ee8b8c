"""What this machine can build with, told again and again to those who submit jobs."""

import threading
import time

from app.core.logging import get_logger
from app.jobs.context import Context
from app.jobs.offers import publish
from app.jobs.patience import patiently
from app.jobs.presence import Reporter
from app.toolchains.base import BadInputError
from app.toolchains.librelane.offer import Offer, offers_of, with_pdks

log = get_logger(__name__)

#: How often it is looked what builds can be offered, in seconds.
OFFER_SECONDS = 5.0


class Offering:
    """Finds out what this machine can build with, and has it told.

    LibreLane is asked once it answers; PDKs come and go while the worker runs.
    """

    def __init__(self, context: Context, reporter: Reporter) -> None:
        self._context = context
        self._reporter = reporter
        self._asked: tuple[Offer, bytes] | None = None
        #: What was told last: an offer, or why there is none.
        self._told: Offer | str | None = None

    def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                self._look()
            except Exception:
                # The store is away for long, say. Jobs wait for the next look.
                log.exception("offering stumbled")
            time.sleep(OFFER_SECONDS)

    def _look(self) -> None:
        settings = self._context.settings
        try:
            if self._asked is None:
                [self._asked] = offers_of(settings)
            offer, catalog = self._asked
            self._tell(with_pdks(offer, settings), catalog)
        except BadInputError as error:
            if self._told != error.message:
                self._told = error.message
                self._reporter.offer({})
                log.info("no builds offered", why=error.message)

    def _tell(self, offer: Offer, catalog: bytes) -> None:
        if self._told == offer:
            return
        store = self._context.store
        self._reporter.offer(patiently(lambda: publish(store, offer, catalog), threading.Event()))
        self._told = offer
        log.info("builds offered", librelane=offer.librelane, tools=offer.tools)
