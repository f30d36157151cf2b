"""The web server of ``bench_endpoints``: ``python -m tests.benchmarks.endpoint_server 8001``."""

from __future__ import annotations

import os
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from waitress import serve


def main(port: int) -> None:
    """Answer until the process is ended."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    settings.ROOT_URLCONF = "tests.benchmarks.endpoint_urls"
    serve(get_wsgi_application(), host="127.0.0.1", port=port, threads=4, _quiet=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
