"""Becomes another command, which the system ends when its parent is gone.

``python -I -S services/roles/follow.py PARENT COMMAND…``, with the number of the process that
starts it. Run as a script: what Python would import on the way is the command's own affair.
Linux only does what is asked; elsewhere the command is merely run.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# From <linux/prctl.h>. It outlives an exec, and is not handed on to children.
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command; end at once where the parent is gone already."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == int(parent):
        os.execv(command[0], command)  # noqa: S606 - what its caller asks for


if __name__ == "__main__":
    main()
