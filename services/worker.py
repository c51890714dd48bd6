"""``python -m services.worker``: the name by which the worker role is started everywhere."""

from __future__ import annotations

from services.base.command_line import run_command
from services.roles.worker import main

if __name__ == "__main__":
    run_command(main)
