"""Addresses from settings and from secrets in files."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.settings import Settings

ODD = "p@ss:/w%rd"
QUOTED = "p%40ss%3A%2Fw%25rd"


def test_passwords_go_into_addresses_whatever_they_hold() -> None:
    settings = Settings(
        database_url="postgresql://a6hub@postgres/a6hub?sslmode=require",
        database_password=ODD,
        redis_host="redis",
        redis_password=ODD,
    )
    assert settings.database == f"postgresql://a6hub:{QUOTED}@postgres/a6hub?sslmode=require"
    assert settings.broker_url == f"redis://:{QUOTED}@redis:6379/0"


def test_an_address_without_a_user_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_password="secret")
    assert settings.database == f"sqlite:///{tmp_path}/a6hub.sqlite3"


def test_sentinels_are_asked_for_the_broker() -> None:
    settings = Settings(redis_sentinels="one:26379, two:26380", redis_password="secret")
    assert settings.broker_url == "sentinel://:secret@one:26379/0;sentinel://:secret@two:26380/0"
    assert settings.result_backend == settings.broker_url


def test_redis_over_tls_has_an_address_of_its_own() -> None:
    settings = Settings(redis_tls=True, redis_host="redis", redis_password="secret")
    assert settings.broker_url == "rediss://:secret@redis:6379/0"
    assert settings.redis_is_encrypted
    assert Settings(celery_broker_url="rediss://redis/0").redis_is_encrypted
    assert not Settings().redis_is_encrypted


def test_tls_cannot_be_half_set(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="rediss://"):
        Settings(redis_tls=True, celery_broker_url="redis://redis/0")
    with pytest.raises(ValidationError, match="REDIS_CA_FILE"):
        Settings(celery_broker_url="rediss://redis/0?ssl_cert_reqs=none")
    with pytest.raises(ValidationError, match="REDIS_CA_FILE"):
        Settings(celery_result_backend="rediss://redis/0?ssl_cert_reqs=CERT_NONE")
    with pytest.raises(ValidationError, match="TLS is for both"):
        Settings(celery_result_backend="rediss://redis/0")
    certificate = tmp_path / "a.crt"
    certificate.touch()
    with pytest.raises(ValidationError, match="REDIS_KEY_FILE"):
        Settings(redis_cert_file=certificate)
    with pytest.raises(ValidationError, match="does not point to a file"):
        Settings(redis_ca_file=tmp_path / "nothing")


def test_what_is_refused_is_not_repeated_with_its_passwords() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(celery_broker_url="rediss://:topsecret@redis/0?ssl_cert_reqs=none")
    assert "topsecret" not in str(refused.value)
    assert "ssl_cert_reqs" not in str(refused.value)


def test_files_are_no_larger_than_a_column_takes() -> None:
    with pytest.raises(ValidationError, match="less than 2147483648"):
        Settings(max_upload_bytes=1 << 31)


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """Under the names that the compose file gives them."""
    for name in ("database_password", "redis_password", "s3_access_key", "s3_secret_key"):
        (tmp_path / name).write_text(f"{name} of a file\n")
    settings = Settings(_secrets_dir=tmp_path, database_url="postgresql://a6hub@postgres/a6hub")
    assert (
        settings.database == "postgresql://a6hub:database_password%20of%20a%20file@postgres/a6hub"
    )
    assert settings.s3_secret_key is not None
    assert settings.s3_secret_key.get_secret_value() == "s3_secret_key of a file"


def test_a_secret_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "redis_password").mkdir()
    with pytest.warns(UserWarning, match="redis_password"):
        Settings(_secrets_dir=tmp_path)


def test_each_setting_is_described() -> None:
    nameless = [n for n, one in Settings.model_fields.items() if not one.validation_alias]
    undescribed = [n for n, one in Settings.model_fields.items() if not one.description]
    assert nameless == undescribed == []
