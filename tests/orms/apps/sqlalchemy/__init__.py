"""The shop with SQLAlchemy on PyMySQL, migrated by Alembic."""
