"""`uvicorn main:app`."""

from app.api.application import create_app
from app.core.settings import get_settings

app = create_app(get_settings())
