"""How gunicorn serves the site. Every value can be set in the environment."""

import os

from totetaxi.deploy.logs import log_config

_threads = int(os.environ.get("WEB_THREADS", "4"))

wsgi_app = "totetaxi.wsgi"
bind = f"{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = _threads
# One database connection a thread. Set here and not in the settings: the queue must not pool.
raw_env = [f"DB_POOL_SIZE={os.environ.get('DB_POOL_SIZE') or _threads}"]

timeout = 30  # seconds a worker may hang
graceful_timeout = 20  # seconds a request may take to end when the server stops
# Longer than proxies keep idle connections: else one is closed under a request on its way.
keepalive = 75  # seconds
max_requests = 5000
max_requests_jitter = 500
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (gunicorn makes its own file there)
control_socket_disable = True

# The line of a request is written by the site itself, with the request's id (RequestLogMiddleware).
logconfig_dict = log_config(
    os.environ.get("ENVIRONMENT", "development"), os.environ.get("LOG_LEVEL", "INFO")
)
