"""The ASGI application."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute

from app import __version__
from app.api import document, health, metrics
from app.api.meters import Meter
from app.api.middleware import BodyBound, Faults, RequestId
from app.api.problems import PROBLEMS, add_problem_handlers
from app.api.traced import Traced
from app.api.v1 import (
    artifacts,
    auth,
    build_choices,
    build_config,
    bundles,
    files,
    imports,
    jobs,
    logs,
    projects,
    results,
    steps,
    submitting,
    system,
)
from app.core.logging import get_logger, setup_logging
from app.core.sentry import end_sentry, setup_sentry
from app.core.settings import Settings
from app.core.tracing import end_tracing, setup_tracing
from app.db.migrate import fits
from app.jobs.context import Context
from app.jobs.patience import OUTAGES, is_outage
from app.jobs.upkeep import Upkeep
from app.web import pages

log = get_logger(__name__)

#: How long the end waits for the look at the schema: it must not meet a closed database.
_LOOK_SECONDS = 5.0

_PARTS = (
    *(auth, projects, files, imports),
    *(jobs, results, logs, steps, artifacts, bundles),
    *(build_choices, build_config),
    system,
)
_TAGS = [
    {"name": "accounts", "description": "Logging in and out."},
    {"name": "projects", "description": "Projects: a name, an owner, files."},
    {"name": "files", "description": "The files of a project, one by one or as an archive."},
    {"name": "simulations", "description": "Submitting simulations."},
    {"name": "builds", "description": "Submitting builds, and what they can be given."},
    {"name": "jobs", "description": "Jobs of both types: their logs, results and artifacts."},
    {"name": "system", "description": "How the installation stands."},
    {"name": "health", "description": "For those who decide whether to send requests here."},
]


class _Application(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document.complete(super().openapi())
        return super().openapi()


#: FastAPI would send paths, and the words of errors; ours is `app.api.traced`.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(settings: Settings) -> FastAPI:
    """Make the application. It does upkeep in a thread while it runs."""
    app = _Application(
        title="a6hub",
        version=__version__,
        summary="Queues and runs ASIC builds and HDL simulations.",
        openapi_tags=_TAGS,
        docs_url=None,  # app.web.pages has one without a CDN
        redoc_url=None,
        lifespan=_lifespan,
        routes=_routes(),
        telemetry=_NO_TELEMETRY,
    )
    app.state.context = Context.open(settings)
    add_problem_handlers(app)
    # The last that is added sees a request first.
    app.add_middleware(BodyBound, max_upload=settings.max_upload_bytes)
    app.add_middleware(Faults)
    app.add_middleware(Meter)
    app.add_middleware(Traced)
    app.add_middleware(RequestId)
    pages.add_handlers(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Make the routes, once for all applications of a process: FastAPI takes long for them.

    They hold nothing of an application: a request brings its own with it.
    """
    root = APIRouter(responses=PROBLEMS)
    root.include_router(health.router)
    root.include_router(metrics.router)
    for router in (*(part.router for part in _PARTS), submitting.builds, submitting.simulations):
        root.include_router(router, prefix="/api/v1")
    pages.add_pages(root)
    return root.routes


def _warn_of_schema(context: Context) -> None:
    with suppress(*OUTAGES):  # /health/ready tells when it is there
        if not fits(context.database):
            advice = "Run ./a6hub migrate; with Compose: docker compose up migrate."
            log.error("the database has not been migrated", advice=advice)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    context: Context = app.state.context
    setup_logging(context.settings)
    setup_tracing(context.settings, "api")
    setup_sentry(context.settings, "api", is_outage)
    # In a thread: a database that does not answer keeps nobody from starting.
    look = threading.Thread(target=_warn_of_schema, args=(context,), daemon=True)
    look.start()
    upkeep = Upkeep(context)
    upkeep.start()
    yield
    look.join(_LOOK_SECONDS)
    upkeep.close()
    context.close()
    end_tracing()
    end_sentry()
