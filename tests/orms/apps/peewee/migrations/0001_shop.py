"""The shop: the models as they are."""

from tests.orms.apps.peewee import models


def up(migrator, db):
    db.create_tables([models.Customer, models.Label, models.Product, models.Order, models.Line, models.ProductLabel])
