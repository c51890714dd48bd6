"""Which host's watch an incident, and the message about it, are of.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A name each; empty where one watch is all there is."""
    for table in ("incidents", "outgoing_messages"):
        op.add_column(
            table, sa.Column("host", sa.String(length=32), nullable=False, server_default="")
        )
