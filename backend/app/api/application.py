"""The ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app import __version__
from app.api import health
from app.api.middleware import BodyBound, Faults, RequestId
from app.api.problems import PROBLEMS, add_problem_handlers
from app.api.v1 import artifacts, auth, files, imports, jobs, logs, projects, submitting, system
from app.core.logging import setup_logging
from app.core.settings import Settings
from app.jobs.context import Context
from app.jobs.upkeep import Upkeep
from app.web import pages


def create_app(settings: Settings) -> FastAPI:
    """Make the application. It does upkeep in a thread while it runs."""
    app = FastAPI(
        title="a6hub",
        version=__version__,
        summary="Queues and runs ASIC builds and HDL simulations.",
        lifespan=_lifespan,
        responses=PROBLEMS,
    )
    app.state.context = Context.open(settings)
    add_problem_handlers(app)
    # The last that is added sees a request first.
    app.add_middleware(BodyBound, max_upload=settings.max_upload_bytes)
    app.add_middleware(Faults)
    app.add_middleware(RequestId)
    app.include_router(health.router)
    app.include_router(_version_1())
    pages.add_pages(app)
    return app


def _version_1() -> APIRouter:
    router = APIRouter(prefix="/api/v1")
    for part in (auth, projects, files, imports, jobs, logs, artifacts, system):
        router.include_router(part.router)
    router.include_router(submitting.builds)
    router.include_router(submitting.simulations)
    return router


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    setup_logging(context.settings)
    upkeep = Upkeep(context)
    upkeep.start()
    yield
    upkeep.close()
    context.close()
