"""Models in the forms that Django has, as a program: tests read them both with Django itself and without it."""

from __future__ import annotations

MODELS = """
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

PREFIX = "shop"


class LowerCaseField(models.CharField):
    pass


class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)
    noted = models.TextField(null=True)

    class Meta:
        abstract = True
        ordering = ["created"]


class Person(AbstractUser):
    nickname = models.CharField(max_length=10, blank=True)
    email = None

    class Meta:
        app_label = "people"


class Customer(Stamped):
    code = models.CharField(primary_key=True, max_length=8)
    email = LowerCaseField(db_column="email_address", max_length=200)
    friends = models.ManyToManyField("self")

    class Meta(Stamped.Meta):
        db_table = PREFIX + "_customers"


class Tag(models.Model):
    name = models.SlugField()
    labels = ArrayField(models.TextField(), default=list)


class Order(Stamped):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    parent = models.OneToOneField("self", models.SET_NULL, null=True, db_column="parent_ref", related_name="child")
    total = models.DecimalField(max_digits=9, decimal_places=2)
    double = models.GeneratedField(expression=models.F("total") * 2, output_field=models.FloatField(), db_persist=True)
    placed = models.DateTimeField(db_default=Now())
    comment: str = models.TextField(null=True, default=None)
    tags = models.ManyToManyField(Tag, related_name="orders")
    people = models.ManyToManyField(Person, through="Share")


class Share(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    person = models.ForeignKey(Person, models.CASCADE)


class Express(Order):
    hours = models.IntegerField(default=24)


class Cheap(Order):
    class Meta:
        proxy = True
"""
