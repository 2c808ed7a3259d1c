"""The first tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this version."""
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("payload_sha256", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "night",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_reason", sa.String(), nullable=True),
        sa.Column("input_sha256", sa.String(), nullable=False),
        sa.Column("relative_poverty_model", sa.String(), nullable=True),
        sa.Column("emergency_model", sa.String(), nullable=True),
        sa.Column("policy_sha256", sa.String(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.Column("manifest_path", sa.String(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.Column("records_read", sa.Integer(), nullable=False),
        sa.Column("records_quarantined", sa.Integer(), nullable=False),
        sa.Column("households_scored", sa.Integer(), nullable=False),
        sa.Column("households_listed", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'held') = (held_reason IS NOT NULL)", name=op.f("ck_night_held_reason")),
        sa.CheckConstraint("kind IN ('night')", name=op.f("ck_night_kind")),
        sa.CheckConstraint("state IN ('finished', 'held')", name=op.f("ck_night_state")),
        sa.CheckConstraint(
            "records_read >= 0 AND records_quarantined >= 0 AND households_scored >= 0 AND households_listed >= 0",
            name=op.f("ck_night_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_night")),
        sa.UniqueConstraint("kind", "business_date", name=op.f("uq_night_kind_business_date")),
    )
    op.create_table(
        "night_ledger",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'failed', 'finished', 'running', 'skipped')", name=op.f("ck_night_ledger_state")
        ),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_night_ledger")),
    )
    op.create_table(
        "opt_out",
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_opt_out_until")),
        sa.PrimaryKeyConstraint("household_id", "since", name=op.f("pk_opt_out")),
    )
    op.create_table(
        "vault_identity",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('household', 'person')", name=op.f("ck_vault_identity_kind")),
        sa.PrimaryKeyConstraint("subject", "valid_from", "known_on", name=op.f("pk_vault_identity")),
    )
    op.create_index(op.f("ix_vault_identity_delivery_id"), "vault_identity", ["delivery_id"], unique=False)

    op.create_table(
        "outreach_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("night_id", sa.Integer(), nullable=False),
        sa.Column("caseworker_id", sa.String(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('closed', 'drafted', 'held', 'released', 'superseded')", name=op.f("ck_outreach_list_state")
        ),
        sa.ForeignKeyConstraint(["night_id"], ["night.id"], name=op.f("fk_outreach_list_night_id_night")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_list")),
        sa.UniqueConstraint("night_id", "caseworker_id", name=op.f("uq_outreach_list_night_id_caseworker_id")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('folder')", name=op.f("ck_delivery_channel")),
        sa.ForeignKeyConstraint(["list_id"], ["outreach_list.id"], name=op.f("fk_delivery_list_id_outreach_list")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("list_id", "channel", name=op.f("uq_delivery_list_id_channel")),
    )
    op.create_table(
        "outreach_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("inclusion_probability", sa.Float(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.CheckConstraint(
            "lane IN ('event', 'gap', 'random', 'recheck', 'risk', 'silent', 'urgent')",
            name=op.f("ck_outreach_item_lane"),
        ),
        sa.CheckConstraint(
            "state IN ('done', 'drafted', 'escalated', 'open', 'superseded', 'withdrawn')",
            name=op.f("ck_outreach_item_state"),
        ),
        sa.CheckConstraint(
            "inclusion_probability > 0 AND inclusion_probability <= 1",
            name=op.f("ck_outreach_item_inclusion_probability"),
        ),
        sa.CheckConstraint("position >= 1", name=op.f("ck_outreach_item_position")),
        sa.ForeignKeyConstraint(
            ["list_id"], ["outreach_list.id"], name=op.f("fk_outreach_item_list_id_outreach_list")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_item")),
        sa.UniqueConstraint(
            "household_id", "business_date", name=op.f("uq_outreach_item_household_id_business_date")
        ),
        sa.UniqueConstraint("list_id", "position", name=op.f("uq_outreach_item_list_id_position")),
    )
    op.create_index(op.f("ix_outreach_item_state"), "outreach_item", ["state"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("visited_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('V10', 'V11', 'V12', 'V13', 'V20', 'V21', 'V22', 'V30', 'V31', "
            "'V32', 'V40', 'V41', 'V42', 'V50', 'V60', 'V70')",
            name=op.f("ck_visit_outcome"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["outreach_item.id"], name=op.f("fk_visit_item_id_outreach_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_household_id"), "visit", ["household_id"], unique=False)
    op.create_index(op.f("ix_visit_item_id"), "visit", ["item_id"], unique=False)


def downgrade() -> None:
    """Back to the version before."""
    op.drop_index(op.f("ix_visit_item_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_household_id"), table_name="visit")

    op.drop_table("visit")
    op.drop_index(op.f("ix_outreach_item_state"), table_name="outreach_item")

    op.drop_table("outreach_item")
    op.drop_table("delivery")
    op.drop_table("outreach_list")
    op.drop_index(op.f("ix_vault_identity_delivery_id"), table_name="vault_identity")

    op.drop_table("vault_identity")
    op.drop_table("opt_out")
    op.drop_table("night_ledger")
    op.drop_table("night")
    op.drop_table("lease")
    op.drop_table("audit_entry")
