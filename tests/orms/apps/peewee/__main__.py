"""``python -m tests.orms.apps.peewee STEP...``"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from peewee import IntegrityError, chunked, fn, prefetch
from playhouse.migrations import Runner

from tests.orms.apps import worker
from tests.orms.apps.peewee.models import Customer, Label, Line, Order, Product, ProductLabel, database

PLACED = datetime(2026, 2, 28, 23, 59, 30)


def migrate(step: str) -> list[str]:
    with database.connection_context():
        runner = Runner(database, str(Path(__file__).with_name("migrations")))
        return runner.up({"first": "0001_shop", "second": "0002_audit"}[step])


def people(n: int) -> list[Any]:
    """Created one by one; read again by the ids that came back."""
    ids = []
    for i, (name, note) in enumerate([("Zoë Ångström", None), ("Лев 北京 🐘", 'it\'s a \\ "note"\n'), ("O'Hara", "")]):
        customer = Customer.create(
            process=n,
            name=name,
            email=f"c{i}@{n}.example",
            note=note,
            created=datetime(2026, 1, 1, 12, 0, i),
            born=date(1970 + i, 2, 28) if i else None,
            balance=Decimal("-0.10") + i,
            active=i != 1,
            picture=bytes(range(0, 256, 15)) if i == 2 else None,
        )
        ids.append(customer.id)
    found = [Customer.get_by_id(id) for id in ids]
    return [[c.name, c.email, c.note, c.born, c.created, c.balance, c.active, c.picture] for c in found]


def products(n: int) -> list[Any]:
    """In bulk, with labels each; counted and summed."""
    labels = [Label.get_or_create(name=f"{n}-{name}")[0] for name in ("new", "rare", "Ünique", "new")]
    rows = [
        {"process": n, "sku": f"{n:02}-{i:03}", "name": f"Ding {i} ☂", "price": Decimal(i) / 4 + n}
        | {"weight": i / 3 if i % 4 else None}
        for i in range(60)
    ]
    with database.atomic():
        for batch in chunked(rows, 25):
            Product.insert_many(batch).execute()
    for i, product in enumerate(Product.select().where(Product.process == n).order_by(Product.sku).limit(12)):
        product.labels.add([labels[i % 3], labels[(i + 1) % 3]])
    mine = Product.select().where(Product.process == n)
    totals = mine.select(fn.COUNT(Product.id), fn.SUM(Product.price), fn.COUNT(Product.weight)).scalar(as_tuple=True)
    return [mine.count(), *totals]


def order(n: int) -> list[Any]:
    """A transaction over three tables, with a row locked."""
    with database.atomic():
        customer = Customer.select().where(Customer.email == f"c1@{n}.example").for_update().get()
        for day in range(3):
            placed = Order.create(customer=customer, placed=PLACED + timedelta(days=day))
            chosen = Product.select().where(Product.process == n).order_by(Product.sku).offset(day * 5).limit(4)
            for i, product in enumerate(chosen, 1):
                Line.create(order=placed, product=product, quantity=i, price=product.price)
                customer.balance -= product.price * i
        customer.save()
    customers = Customer.select().where(Customer.process == n).order_by(Customer.email)
    found = prefetch(customers, Order.select().order_by(Order.placed), Line.select().order_by(Line.quantity), Product)
    return [
        [c.email, c.balance, [[o.placed, [[x.product.sku, x.quantity, x.price] for x in o.lines]] for o in c.orders]]
        for c in found
    ]


def undone(n: int) -> list[Any]:
    """A transaction that fails as a whole, one whose savepoint fails, one that is rolled back by hand."""

    @database.atomic()
    def wholly() -> None:
        Label.create(name=f"{n}-never")
        Product.update(price=0).where(Product.process == n).execute()
        Customer.create(process=n, name="twice", email=f"c0@{n}.example", created=PLACED)

    @database.atomic()
    def partly() -> Any:
        failed = None
        Label.create(name=f"{n}-kept")
        try:
            with database.atomic():
                Label.create(name=f"{n}-lost")
                Label.create(name=f"{n}-new")
        except IntegrityError as error:
            failed = error.args[0]
        Label.create(name=f"{n}-too")
        return failed

    seen: list[Any] = []
    try:
        worker.again(wholly)
    except IntegrityError as error:
        seen.append(error.args[0])
    seen.append(worker.again(partly))
    with database.atomic() as transaction:
        seen.append(Product.update(price=Product.price + 1).where(Product.process == n).execute())
        transaction.rollback()
    seen += [row.name for row in Label.select().where(Label.name.startswith(f"{n}-")).order_by(Label.name)]
    seen.append(Product.select(fn.SUM(Product.price)).where(Product.process == n).scalar())
    return seen


def changes(n: int) -> list[Any]:
    """Updates and deletes with their counts, upserts, a row taken out of a relation."""
    mine = Product.process == n
    dearer = Product.update(price=Product.price * 2).where(mine, Product.price > n + 5).execute()
    gone = Product.delete().where(mine, Product.sku >= f"{n:02}-055").execute()
    upsert = Label.insert(name=f"{n}-kept").on_conflict(update={Label.name: f"{n}-kept+"})
    Label.insert(name=f"{n}-too").on_conflict_ignore().execute()
    Label.replace(name=f"{n}-added").execute()
    first = Order.select().join(Customer).where(Customer.process == n).order_by(Order.placed).get()
    first.status = "sent"
    changed = [upsert.execute() > 0, first.save(), first.lines.order_by(Line.quantity).get().delete_instance()]
    return [dearer, gone, *changed]


def pages(n: int) -> list[Any]:
    """Page by page with the total, a join, groups, a stream."""
    query = Product.select().join(ProductLabel).where(Product.process == n).distinct()
    ordered = query.order_by(Product.price.desc(), Product.sku)
    seen: list[Any] = []
    for page in (1, 2, 3):
        items = [
            [p.sku, p.price, [label.name for label in p.labels.order_by(Label.name)]] for p in ordered.paginate(page, 5)
        ]
        seen.append([query.count(), items])
    total = fn.SUM(Line.price * Line.quantity)
    groups = Order.select(Order.status, fn.COUNT(Line.id), total).join(Customer).switch(Order).join(Line)
    seen.extend(groups.where(Customer.process == n).group_by(Order.status).order_by(Order.status).tuples())
    names = Product.select(Product.name).where(Product.process == n).tuples()
    seen.append(sum(len(name) for (name,) in names.iterator()))
    seen.append(database.execute_sql("SELECT DATABASE(), @@autocommit, %s", ("100 %",)).fetchone())
    return seen


def work(n: int) -> dict[str, Any]:
    with database.connection_context():
        return {part.__name__: part(n) for part in (people, products, order, undone, changes, pages)}


worker.run(migrate, work)
