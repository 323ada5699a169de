"""``python -m logistics.sandbox``: run the stand-in until SIGTERM or Ctrl-C."""

import argparse
import sys
from functools import partial
from pathlib import Path

from logistics.sandbox.app import App
from logistics.sandbox.server import make_server
from logistics.sandbox.store import Store
from logistics.sandbox.webhooks import Dispatcher, WebhookSettings
from totetaxi.lib.standin.server import Server, run


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="logistics.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8002, help="0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="directory of the journal")
    parser.add_argument("--api-key", default="onfleet_sandbox", help="the only key that is right")
    parser.add_argument("--webhook-url", default="", help="where webhooks are posted")
    parser.add_argument("--webhook-secret", default="00" * 32, help="hexadecimal digits")
    parser.add_argument("--public-url", default="", help="where browsers find this server")
    parser.add_argument("--quiet", action="store_true", help="log only what goes wrong")
    return parser.parse_args(arguments)


def build(options: argparse.Namespace) -> tuple[App, Server]:
    store = Store(options.state)
    webhooks = WebhookSettings(url=options.webhook_url, secret=options.webhook_secret)
    app = App(store=store, dispatcher=Dispatcher(store, webhooks), api_key=options.api_key)
    server = make_server((options.host, options.port), app)
    app.public_url = options.public_url.rstrip("/") or f"http://localhost:{server.server_port}"
    return app, server


def main() -> int:
    options = parse()
    say = partial(print, flush=True)
    return run("Onfleet", partial(build, options), say, state=options.state, quiet=options.quiet)


if __name__ == "__main__":
    sys.exit(main())
