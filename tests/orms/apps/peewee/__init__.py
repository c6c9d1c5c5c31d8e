"""The shop with Peewee on PyMySQL (its first choice), migrated by playhouse.migrations."""
