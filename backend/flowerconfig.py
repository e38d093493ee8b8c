"""Flower's options that are secrets: `celery ... flower` reads this file where it is started.

FLOWER_BASIC_AUTH is taken from the environment, from `.env` or from a file in SECRETS_DIR.
"""

from app.core.settings import get_settings

if secret := get_settings().flower_basic_auth:
    basic_auth = secret.get_secret_value().strip().split(",")
