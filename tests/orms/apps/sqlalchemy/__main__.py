"""``python -m tests.orms.apps.sqlalchemy STEP...``"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload, sessionmaker

from tests.orms.apps import worker
from tests.orms.apps.sqlalchemy.models import Customer, Label, Line, Order, Product

URL = make_url(worker.URL).set(drivername="mysql+pymysql")
PLACED = datetime(2026, 2, 28, 23, 59, 30)


def migrate(step: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["url"] = URL
    command.upgrade(config, {"first": "0001", "second": "0002"}[step])


def people(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """Created one by one; read again by the ids that came back."""
    ids = []
    for i, (name, note) in enumerate([("Zoë Ångström", None), ("Лев 北京 🐘", 'it\'s a \\ "note"\n'), ("O'Hara", "")]):
        with sessions.begin() as session:
            customer = Customer(process=n, name=name, email=f"c{i}@{n}.example", note=note)
            customer.created = datetime(2026, 1, 1, 12, 0, i, 123456)
            customer.born = date(1970 + i, 2, 28) if i else None
            customer.balance, customer.active = Decimal("-0.10") + i, i != 1
            customer.picture = bytes(range(0, 256, 15)) if i == 2 else None
            session.add(customer)
            session.flush()
            ids.append(customer.id)
    with sessions() as session:
        found = [session.get_one(Customer, id) for id in ids]
        return [[c.name, c.email, c.note, c.born, c.created, c.balance, c.active, c.picture] for c in found]


def products(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """In bulk, with a label each; counted and summed."""
    with sessions.begin() as session:
        labels = [Label(name=f"{n}-{name}") for name in ("new", "rare", "Ünique")]
        session.add_all(labels)
        rows = [
            {"process": n, "sku": f"{n:02}-{i:03}", "name": f"Ding {i} ☂", "price": Decimal(i) / 4 + n}
            | {"weight": i / 3 if i % 4 else None, "details": {"n": [i, None], "é": "ü"} if i % 5 else None}
            for i in range(60)
        ]
        session.execute(insert(Product), rows)
    with sessions.begin() as session:
        for i, product in enumerate(session.scalars(select(Product).filter_by(process=n).order_by(Product.sku))):
            product.labels = [labels[i % 3], labels[(i + 1) % 3]] if i < 12 else []
    with sessions() as session:
        totals = select(func.count(), func.sum(Product.price), func.count(Product.weight)).filter_by(process=n)
        return list(session.execute(totals).one())


def order(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """A transaction over three tables, with a row locked."""
    with sessions.begin() as session:
        customer = session.scalars(select(Customer).filter_by(email=f"c1@{n}.example").with_for_update()).one()
        for day in range(3):
            placed = Order(customer=customer, placed=PLACED + timedelta(days=day))
            session.add(placed)
            query = select(Product).filter_by(process=n).order_by(Product.sku).offset(day * 5).limit(4)
            for i, product in enumerate(session.scalars(query)):
                placed.lines.append(Line(product=product, quantity=i + 1, price=product.price))
                customer.balance -= product.price * (i + 1)
    with sessions() as session:
        query = (
            select(Customer)
            .where(Customer.process == n)
            .order_by(Customer.email)
            .options(selectinload(Customer.orders).selectinload(Order.lines).joinedload(Line.product))
        )
        return [
            [
                c.email,
                c.balance,
                [[o.placed, [[x.product.sku, x.quantity, x.price] for x in o.lines]] for o in c.orders],
            ]
            for c in session.scalars(query)
        ]


def undone(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """A transaction that fails as a whole, and one whose savepoint fails."""

    def wholly() -> None:
        with sessions.begin() as session:
            session.add(Label(name=f"{n}-never"))
            session.execute(update(Product).where(Product.process == n).values(price=0))
            session.add(Customer(process=n, name="twice", email=f"c0@{n}.example", created=PLACED))

    def partly() -> Any:
        failed = None
        with sessions.begin() as session:
            session.add(Label(name=f"{n}-kept"))
            try:
                with session.begin_nested():
                    session.add_all([Label(name=f"{n}-lost"), Label(name=f"{n}-new")])
            except IntegrityError as error:
                failed = error.orig.args[0]
            session.add(Label(name=f"{n}-too"))
        return failed

    seen: list[Any] = []
    try:
        worker.again(wholly)
    except IntegrityError as error:
        seen.append(error.orig.args[0])
    seen.append(worker.again(partly))
    with sessions() as session:
        seen += session.scalars(select(Label.name).where(Label.name.startswith(f"{n}-")).order_by(Label.name))
        seen.append(session.scalar(select(func.sum(Product.price)).filter_by(process=n)))
    return seen


def changes(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """Updates and deletes with their counts, an upsert, a row taken out of a relation."""

    def transaction() -> list[Any]:
        with sessions.begin() as session:
            mine = Product.process == n
            dearer = session.execute(update(Product).where(mine, Product.price > n + 5).values(price=Product.price * 2))
            gone = session.execute(delete(Product).where(mine, Product.sku >= f"{n:02}-055"))
            upsert = mysql_insert(Label).values([{"name": f"{n}-kept"}, {"name": f"{n}-added"}])
            upserted = session.execute(upsert.on_duplicate_key_update(name=func.concat(upsert.inserted.name, "+")))
            shop_order = session.scalars(
                select(Order).join(Order.customer).where(Customer.process == n).order_by(Order.placed)
            ).first()
            shop_order.status = "sent"
            del shop_order.lines[0]
            return [dearer.rowcount, gone.rowcount, upserted.rowcount]

    return worker.again(transaction)


def pages(sessions: sessionmaker[Session], n: int) -> list[Any]:
    """Page by page with the total, a join, groups, a stream."""
    seen: list[Any] = []
    with sessions() as session:
        query = select(Product).where(Product.process == n, Product.labels.any())
        for page in range(3):
            total = session.scalar(select(func.count()).select_from(query.subquery()))
            items = session.scalars(
                query.options(joinedload(Product.labels))
                .order_by(Product.price.desc(), Product.sku)
                .offset(page * 5)
                .limit(5)
            ).unique()
            seen.append([total, [[p.sku, p.price, p.details, [label.name for label in p.labels]] for p in items]])
        groups = (
            select(Order.status, func.count(Line.id), func.sum(Line.price * Line.quantity))
            .join(Order.lines)
            .join(Order.customer)
            .where(Customer.process == n)
            .group_by(Order.status)
            .order_by(Order.status)
        )
        seen.append([list(row) for row in session.execute(groups)])
        stream = session.scalars(
            select(Product.name).filter_by(process=n).order_by(Product.sku).execution_options(yield_per=10)
        )
        seen.append(sum(len(name) for name in stream))
        seen.append([*session.execute(text("SELECT DATABASE(), @@autocommit, :text"), {"text": "100 %"}).one()])
        seen.append(session.connection().get_isolation_level())
    return seen


def work(n: int) -> dict[str, Any]:
    engine = create_engine(URL)
    sessions = sessionmaker(engine)
    try:
        return {part.__name__: part(sessions, n) for part in (people, products, order, undone, changes, pages)}
    finally:
        engine.dispose()


worker.run(migrate, work)
