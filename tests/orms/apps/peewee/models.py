"""The shop's tables, declared."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    ManyToManyField,
    Model,
    MySQLDatabase,
    TextField,
)

from tests.orms.apps import worker

_url = urlsplit(worker.URL)
database = MySQLDatabase(
    _url.path[1:], host=_url.hostname, port=_url.port, user=_url.username, password=unquote(_url.password or "")
)


class Base(Model):
    class Meta:
        database = database
        legacy_table_names = False


class Customer(Base):
    process = IntegerField(index=True)
    name = CharField(80)
    email = CharField(120, unique=True)
    note = TextField(null=True)
    born = DateField(null=True)
    created = DateTimeField()
    balance = DecimalField(12, 2, default=0)
    active = BooleanField(default=True)
    picture = BlobField(null=True)


class Label(Base):
    name = CharField(40, unique=True)


class Product(Base):
    process = IntegerField(index=True)
    sku = CharField(20, unique=True)
    name = CharField(80)
    price = DecimalField(10, 2)
    weight = DoubleField(null=True)
    labels = ManyToManyField(Label, backref="products")


class Order(Base):
    customer = ForeignKeyField(Customer, backref="orders")
    placed = DateTimeField()
    status = CharField(10, default="new")

    class Meta:
        table_name = "orders"


class Line(Base):
    order = ForeignKeyField(Order, backref="lines", on_delete="CASCADE")
    product = ForeignKeyField(Product)
    quantity = IntegerField()
    price = DecimalField(10, 2)

    class Meta:
        indexes = ((("order", "product"), True),)


ProductLabel = Product.labels.get_through_model()
