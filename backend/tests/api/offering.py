"""Workers that offer something to build with, as the API sees it."""

from hashlib import sha256

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.offers import note_offers, publish
from app.toolchains.librelane.offer import Offer, Pdk
from tests.toolchains.librelane.catalogs import CATALOG, as_text

OURS = Pdk("sky130A", "abcdef", is_offline=True)
WHOLE = Pdk("sky130A", "8afc83", is_offline=False)


def offer(
    context: Context,
    *tools: str,
    pdks: tuple[Pdk, ...] = (OURS,),
    text: bytes = as_text(CATALOG),
) -> None:
    """Have a worker offer a LibreLane with these tools."""
    made = Offer("3.0.0", sha256(text).hexdigest(), tools, pdks)
    told = publish(context.store, made, text)
    with context.database.writing() as session:
        note_offers(session, told, utcnow())
