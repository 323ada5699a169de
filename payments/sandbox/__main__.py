"""``python -m payments.sandbox``: run the stand-in until SIGTERM or Ctrl-C."""

import argparse
import importlib.util
import re
import sys
from functools import partial
from pathlib import Path

from payments.sandbox.app import App
from payments.sandbox.checkout import Settings
from payments.sandbox.server import make_server
from payments.sandbox.store import Store
from payments.sandbox.timers import Timers
from payments.sandbox.webhooks import Dispatcher, WebhookSettings
from totetaxi.lib.standin.server import Server, run

FALLBACK_API_VERSION = "2026-10-28.endive"


def installed_api_version() -> str:
    """The version the installed ``stripe`` library pins, read without importing it."""
    spec = importlib.util.find_spec("stripe")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        source = Path(folder, "_api_version.py")
        if source.exists():
            text = source.read_text(encoding="utf-8")
            if match := re.search(r'CURRENT\s*=\s*"([^"]+)"', text):
                return match[1]
    return FALLBACK_API_VERSION


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="payments.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="directory of the journal")
    parser.add_argument("--webhook-url", default="", help="where events are posted")
    parser.add_argument(
        "--webhook-secret", action="append", help="whsec_…; repeat it to sign with several"
    )
    parser.add_argument("--webhook-timeout", type=float, default=10.0, help="seconds")
    parser.add_argument(
        "--webhook-delay", type=float, default=20.0, help="seconds a delayed webhook is late"
    )
    parser.add_argument(
        "--settle-delay", type=float, default=10.0, help="seconds a bank debit takes"
    )
    parser.add_argument("--public-url", default="", help="where browsers find this server")
    parser.add_argument("--merchant", default="ToteTaxi", help="the name on the checkout page")
    parser.add_argument("--api-version", default="", help="default: the stripe library's")
    parser.add_argument("--quiet", action="store_true", help="log only what goes wrong")
    return parser.parse_args(arguments)


def build(options: argparse.Namespace) -> tuple[App, Server]:
    store = Store(options.state, api_version=options.api_version or installed_api_version())
    webhooks = WebhookSettings(
        url=options.webhook_url,
        secrets=options.webhook_secret or ["whsec_sandbox"],
        timeout_seconds=options.webhook_timeout,
    )
    app = App(
        store=store,
        dispatcher=Dispatcher(store, webhooks),
        timers=Timers(store),
        settings=Settings(public_url="", settle_seconds=options.settle_delay),
        merchant=options.merchant,
        webhook_delay_seconds=options.webhook_delay,
    )
    server = make_server((options.host, options.port), app)
    url = options.public_url.rstrip("/") or f"http://localhost:{server.server_port}"
    app.settings = Settings(public_url=url, settle_seconds=options.settle_delay)
    return app, server


def main() -> int:
    options = parse()
    say = partial(print, flush=True)
    return run("Stripe", partial(build, options), say, state=options.state, quiet=options.quiet)


if __name__ == "__main__":
    sys.exit(main())
