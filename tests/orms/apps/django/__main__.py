"""``python -m tests.orms.apps.django STEP...``"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import django
from django.core.management import call_command
from django.core.paginator import Paginator
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, Sum

from tests.orms.apps import worker

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.orms.apps.django.settings"
django.setup()

from tests.orms.apps.django.shop.models import Customer, Label, Line, Order, Product  # noqa: E402  after setup()

PLACED = datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)


def migrate(step: str) -> None:
    call_command("migrate", *(["shop", "0001"] if step == "first" else []), verbosity=0)
    if step == "first":
        call_command("migrate", "auth", verbosity=0)
    connection.close()


def people(n: int) -> list[Any]:
    """Created one by one; read again by the ids that came back."""
    ids = []
    for i, (name, note) in enumerate([("Zoë Ångström", None), ("Лев 北京 🐘", 'it\'s a \\ "note"\n'), ("O'Hara", "")]):
        customer = Customer(process=n, name=name, email=f"c{i}@{n}.example", note=note)
        customer.created = datetime(2026, 1, 1, 12, 0, i, 123456, UTC)
        customer.born = date(1970 + i, 2, 28) if i else None
        customer.balance, customer.active = Decimal("-0.10") + i, i != 1
        customer.picture = bytes(range(0, 256, 15)) if i == 2 else None
        customer.save()
        ids.append(customer.pk)
    found = [Customer.objects.get(pk=id) for id in ids]
    return [[c.name, c.email, c.note, c.born, c.created, c.balance, c.active, c.picture] for c in found]


def products(n: int) -> list[Any]:
    """In bulk, with labels each; counted and summed."""
    labels = [Label.objects.get_or_create(name=f"{n}-{name}")[0] for name in ("new", "rare", "Ünique", "new")]
    Product.objects.bulk_create(
        Product(
            process=n,
            sku=f"{n:02}-{i:03}",
            name=f"Ding {i} ☂",
            price=Decimal(i) / 4 + n,
            weight=i / 3 if i % 4 else None,
            details={"n": [i, None], "é": "ü"} if i % 5 else None,
        )
        for i in range(60)
    )
    for i, product in enumerate(Product.objects.filter(process=n).order_by("sku")[:12]):
        product.labels.set([labels[i % 3], labels[(i + 1) % 3]])
    totals = Product.objects.filter(process=n).aggregate(rows=Count("*"), price=Sum("price"), weights=Count("weight"))
    return list(totals.items())


def order(n: int) -> list[Any]:
    """A transaction over three tables, with a row locked."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(email=f"c1@{n}.example")
        for day in range(3):
            placed = Order.objects.create(customer=customer, placed=PLACED + timedelta(days=day))
            chosen = Product.objects.filter(process=n).order_by("sku")[day * 5 : day * 5 + 4]
            lines = [Line(order=placed, product=p, quantity=i, price=p.price) for i, p in enumerate(chosen, 1)]
            Line.objects.bulk_create(lines)
            customer.balance -= sum(line.price * line.quantity for line in lines)
        customer.save(update_fields=["balance"])
    query = Customer.objects.filter(process=n).order_by("email").prefetch_related("orders__lines__product")
    return [
        [
            c.email,
            c.balance,
            [[o.placed, [[x.product.sku, x.quantity, x.price] for x in o.lines.all()]] for o in c.orders.all()],
        ]
        for c in query
    ]


def undone(n: int) -> list[Any]:
    """A transaction that fails as a whole, and one whose savepoint fails."""

    @transaction.atomic
    def wholly() -> None:
        Label.objects.create(name=f"{n}-never")
        Product.objects.filter(process=n).update(price=0)
        Customer.objects.create(process=n, name="twice", email=f"c0@{n}.example", created=PLACED)

    @transaction.atomic
    def partly() -> Any:
        failed = None
        Label.objects.create(name=f"{n}-kept")
        try:
            with transaction.atomic():
                Label.objects.create(name=f"{n}-lost")
                Label.objects.create(name=f"{n}-new")
        except IntegrityError as error:
            failed = error.args[0]
        Label.objects.create(name=f"{n}-too")
        return failed

    seen: list[Any] = []
    try:
        worker.again(wholly)
    except IntegrityError as error:
        seen.append(error.args[0])
    seen.append(worker.again(partly))
    seen += Label.objects.filter(name__startswith=f"{n}-").values_list("name", flat=True)
    seen.append(Product.objects.filter(process=n).aggregate(Sum("price"))["price__sum"])
    return seen


def changes(n: int) -> list[Any]:
    """Updates and deletes with their counts, upserts, a row taken out of a relation."""
    mine = Product.objects.filter(process=n)
    dearer = mine.filter(price__gt=n + 5).update(price=F("price") * 2)
    gone, by_model = mine.filter(sku__gte=f"{n:02}-055").delete()
    kept = {"name": f"{n}-kept", "defaults": {"name": f"{n}-kept+"}}
    _, created = worker.again(lambda: Label.objects.update_or_create(**kept))
    fields = {"unique_fields": None, "update_fields": ["name"], "update_conflicts": True}
    worker.again(lambda: Label.objects.bulk_create([Label(name=f"{n}-too"), Label(name=f"{n}-added")], **fields))
    first = Order.objects.filter(customer__process=n).select_related("customer").first()
    first.status = "sent"
    first.save()
    first.lines.first().delete()
    return [dearer, gone, sorted(by_model.items()), created, first.customer.email]


def pages(n: int) -> list[Any]:
    """Page by page with the total, a join, groups, a stream."""
    query = Product.objects.filter(process=n, labels__isnull=False).distinct().order_by("-price", "sku")
    paginator = Paginator(query.prefetch_related("labels"), 5)
    seen: list[Any] = []
    for page in paginator:
        items = [[p.sku, p.price, p.details, [label.name for label in p.labels.all()]] for p in page]
        seen.append([paginator.count, items])
    groups = Order.objects.filter(customer__process=n).values("status").order_by("status")
    seen.append(list(groups.annotate(rows=Count("lines"), total=Sum(F("lines__price") * F("lines__quantity")))))
    names = Product.objects.filter(process=n).order_by("sku").values_list("name", flat=True)
    seen.append(sum(len(name) for name in names.iterator(chunk_size=10)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE(), @@autocommit, %s", ["100 %"])
        seen.append(cursor.fetchone())
    return seen


def work(n: int) -> dict[str, Any]:
    try:
        return {part.__name__: part(n) for part in (people, products, order, undone, changes, pages)}
    finally:
        connection.close()


worker.run(migrate, work)
