"""``python -m models.train``: the name by which the zones model's command is known."""

from __future__ import annotations

from models.zones.train import main
from services.base.command_line import run_command

if __name__ == "__main__":
    run_command(main)
