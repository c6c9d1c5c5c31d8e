"""The shop's tables, declared."""

from __future__ import annotations

from django.db import models


class Customer(models.Model):
    process = models.IntegerField(db_index=True)
    name = models.CharField(max_length=80)
    email = models.EmailField(unique=True)
    note = models.TextField(null=True)
    born = models.DateField(null=True)
    created = models.DateTimeField()
    balance = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    active = models.BooleanField(default=True)
    picture = models.BinaryField(null=True)


class Label(models.Model):
    name = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ("name",)


class Product(models.Model):
    process = models.IntegerField(db_index=True)
    sku = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    weight = models.FloatField(null=True)
    details = models.JSONField(null=True)
    labels = models.ManyToManyField(Label)


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    placed = models.DateTimeField()
    status = models.CharField(max_length=10, default="new")

    class Meta:
        ordering = ("placed",)


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT)
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        ordering = ("quantity",)
        constraints = (models.UniqueConstraint(fields=("order", "product"), name="once_per_order"),)


class Audit(models.Model):
    text = models.CharField(max_length=200)
    level = models.IntegerField(default=1, db_index=True)
