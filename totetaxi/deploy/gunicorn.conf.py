"""How gunicorn serves the site. Every value can be set in the environment."""

import os
from pathlib import Path

from totetaxi.deploy.logs import log_config

_threads = int(os.environ.get("WEB_THREADS", "4"))

wsgi_app = "totetaxi.wsgi"
bind = f"{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = _threads
# One database connection a thread. Set here and not in the settings: the queue must not pool.
raw_env = [f"DB_POOL_SIZE={_threads}"]

timeout = 30  # seconds a worker may hang
graceful_timeout = 20  # seconds a request may take to end when the server stops
keepalive = 5  # seconds
max_requests = 5000
max_requests_jitter = 500
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# No query string, no token: those of paths are left out by the formatter.
access_log_format = "%(m)s %(U)s %(s)s %(M)s ms"
logconfig_dict = log_config(
    os.environ.get("ENVIRONMENT", "development"), os.environ.get("LOG_LEVEL", "INFO")
)
