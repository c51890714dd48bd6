"""``python -m services.web.access``: an operator's new device gets in while strangers guess."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from services.base.command_line import run_command, tells_errors
from services.base.settings import load_settings
from services.web.access.credentials import shared_secret_key
from services.web.access.session import INVITATION_SECONDS, invitation


@tells_errors
def main(arguments: Sequence[str] | None = None) -> int:
    """Print an address to be opened on the new device; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.web.access",
        description="Print an address of the log-in that makes the browser which opens it a known "
        f"device, within {INVITATION_SECONDS // 60} minutes: it does not wait while strangers "
        "guess passwords. It opens nothing: name and password are still asked for. Run it where "
        "the pages are served, with the same settings.",
    )
    parser.parse_args(arguments)
    settings = load_settings()
    key = shared_secret_key(settings)
    site = str(settings.public_url or settings.url).rstrip("/")
    sys.stdout.write(f"{site}/connexion?device={invitation(key)}\n")
    return 0


if __name__ == "__main__":
    run_command(main)
