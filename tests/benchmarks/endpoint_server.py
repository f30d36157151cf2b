"""The web servers of ``bench_endpoints``: ``python -m tests.benchmarks.endpoint_server gunicorn 8001``."""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

THREADS = 4


def main(name: str, port: int) -> None:
    """Answer until the process is ended, by the server of that name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    settings.ROOT_URLCONF = "tests.benchmarks.endpoint_urls"
    {"gunicorn": _gunicorn, "waitress": _waitress}[name](get_wsgi_application(), port)


def _gunicorn(application: WSGIHandler, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        def load_config(self) -> None:
            # One process, whose time is measured, over connections that stay open.
            options = {"bind": f"127.0.0.1:{port}", "threads": THREADS, "keepalive": 60, "loglevel": "error"}
            for option, value in options.items():
                self.cfg.set(option, value)

        def load(self) -> WSGIHandler:
            return application

    Server().run()


def _waitress(application: WSGIHandler, port: int) -> None:
    from waitress import serve

    serve(application, host="127.0.0.1", port=port, threads=THREADS, _quiet=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
