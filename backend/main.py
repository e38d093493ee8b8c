"""`uvicorn main:app`."""

from app.api.application import create_app
from app.core.logging import setup_logging
from app.core.settings import get_settings

setup_logging(get_settings())  # before uvicorn writes its first lines
app = create_app(get_settings())
