"""An audit trail, with its first entry."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    audit = op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.String(200), nullable=False),
    )
    op.bulk_insert(audit, [{"text": "begun"}, {"text": "übernommen"}])
    op.add_column("audit", sa.Column("level", sa.Integer, server_default="1", nullable=False))
    op.create_index("ix_audit_level", "audit", ["level"])
