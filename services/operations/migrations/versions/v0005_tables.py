"""The tables of version 5; what an earlier version made stays as it is.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = None


def upgrade() -> None:
    """Make what is missing: versions 1 to 5 differed by whole tables."""
    op.create_table(
        "cameras",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("segment_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("segment_id", "name"),
        if_not_exists=True,
    )
    op.create_index("ix_cameras_segment_id", "cameras", ["segment_id"], if_not_exists=True)
    op.create_table(
        "drift_measures",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=32), nullable=False),
        sa.Column("hour_class", sa.String(length=32), nullable=False),
        sa.Column("distance", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", "zone", "hour_class"),
        if_not_exists=True,
    )
    op.create_table(
        "forecast_scores",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(length=32), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("forecaster", sa.String(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=32), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("rps_sum", sa.Double(), nullable=False),
        sa.Column("brier_sum", sa.Double(), nullable=False),
        sa.Column("ratio_cases", sa.Integer(), nullable=False),
        sa.Column("ratio_error_sum", sa.Double(), nullable=False),
        sa.Column("band_cases", sa.Integer(), nullable=False),
        sa.Column("band_hits", sa.Integer(), nullable=False),
        sa.Column("better_than", sa.JSON(), nullable=False),
        sa.Column("calibration", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "kind", "day", "zone", "lead_minutes", "forecaster", "model_version"
        ),
        if_not_exists=True,
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("runbook", sa.String(length=40), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("peak", sa.Double(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("journal", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index("ix_incidents_ended_at", "incidents", ["ended_at"], if_not_exists=True)
    op.create_index("ix_incidents_rule", "incidents", ["rule"], if_not_exists=True)
    op.create_index("ix_incidents_started_at", "incidents", ["started_at"], if_not_exists=True)
    op.create_table(
        "log_in_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visitor", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index("ix_log_in_failures_at", "log_in_failures", ["at"], if_not_exists=True)
    op.create_index(
        "ix_log_in_failures_visitor", "log_in_failures", ["visitor"], if_not_exists=True
    )
    op.create_table(
        "model_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=True),
        sa.Column("previous", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_model_decisions_decided_at", "model_decisions", ["decided_at"], if_not_exists=True
    )
    op.create_index("ix_model_decisions_kind", "model_decisions", ["kind"], if_not_exists=True)
    op.create_table(
        "model_versions",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "version"),
        if_not_exists=True,
    )
    op.create_table(
        "outgoing_messages",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_table(
        "scored_hours",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "hour"),
        if_not_exists=True,
    )
    op.create_table(
        "traffic_events",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("network_version", sa.Text(), nullable=False),
        sa.Column("road", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(length=32), nullable=False),
        sa.Column("sector", sa.String(length=32), nullable=True),
        sa.Column("start_place", sa.Text(), nullable=False),
        sa.Column("end_place", sa.Text(), nullable=False),
        sa.Column("segment_ids", sa.JSON(), nullable=False),
        sa.Column("length_m", sa.Double(), nullable=False),
        sa.Column("delay_s", sa.Double(), nullable=False),
        sa.Column("max_delay_s", sa.Double(), nullable=False),
        sa.Column("trend", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_traffic_events_ended_at", "traffic_events", ["ended_at"], if_not_exists=True
    )
    op.create_index(
        "ix_traffic_events_started_at", "traffic_events", ["started_at"], if_not_exists=True
    )
    op.create_table(
        "camera_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("occupancy", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=80), nullable=False),
        sa.Column("live_status", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["camera_id"],
            ["cameras.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index("ix_camera_readings_at", "camera_readings", ["at"], if_not_exists=True)
    op.create_index(
        "ix_camera_readings_camera_id", "camera_readings", ["camera_id"], if_not_exists=True
    )
    op.create_table(
        "incident_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_incident_notes_incident_id", "incident_notes", ["incident_id"], if_not_exists=True
    )
    op.drop_table("operations_schema", if_exists=True)
