"""What people are told of the traffic: alerts of their own kind, and reports.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """What was there is of the application."""
    for name, default in (("kind", "application"), ("ending", "")):
        op.add_column(
            "incidents",
            sa.Column(name, sa.String(length=32), nullable=False, server_default=default),
        )
    op.add_column(
        "outgoing_messages", sa.Column("html", sa.Text, nullable=False, server_default="")
    )
    op.create_table(
        "report_mailings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("report", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_report_mailings_report", "report_mailings", ["report"])
