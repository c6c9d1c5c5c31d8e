"""The Django project's settings."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from tests.orms.apps import worker

_url = urlsplit(worker.URL)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": _url.hostname,
        "PORT": _url.port,
        "USER": unquote(_url.username or ""),
        "PASSWORD": unquote(_url.password or ""),
        "NAME": _url.path[1:],
        "CONN_MAX_AGE": 60,
    }
}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tests.orms.apps.django.shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "of no use here"
USE_TZ = True
TIME_ZONE = "Europe/Zurich"
