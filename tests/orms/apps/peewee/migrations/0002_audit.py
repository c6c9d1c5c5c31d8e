"""An audit trail, with its first entries."""

from peewee import CharField, IntegerField


def up(migrator, db):
    class Audit(db.Model):
        text = CharField(200)

    db.create_tables([Audit])
    Audit.insert_many([{"text": "begun"}, {"text": "übernommen"}]).execute()
    migrator.migrate(
        migrator.add_column("audit", "level", IntegerField(default=1)),
        migrator.add_index("audit", ("level",)),
        migrator.rename_column("audit", "text", "entry"),
    )
