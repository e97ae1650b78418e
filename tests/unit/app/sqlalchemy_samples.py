"""Models in every form that SQLAlchemy has, as programs: tests read them both with SQLAlchemy itself and without it."""

from __future__ import annotations

DECLARATIVE_2 = """
import enum
from datetime import datetime
from typing import Annotated, Optional

import sqlalchemy as sa
from sqlalchemy import Column as C, ForeignKey, MetaData, String, func
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, composite, declared_attr, deferred, mapped_column, query_expression, relationship, synonym,
)

SCHEMA = "shop"
PREFIX = "app_"
intpk = Annotated[int, mapped_column(primary_key=True)]
created = Annotated[datetime, mapped_column(server_default=func.now())]


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)


class Status(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Stamped:
    created_at: Mapped[created]
    updated_at: Mapped[Optional[datetime]] = mapped_column(onupdate=func.now())


class Owned:
    @declared_attr
    def owner_id(cls) -> Mapped[int]:
        return mapped_column("owner", ForeignKey("customers.id"))


def money(**kw):
    return mapped_column(sa.Numeric(10, 2), **kw)


class Customer(Stamped, Base):
    __tablename__ = f"{PREFIX}customers"
    id: Mapped[intpk]
    email: Mapped[str] = mapped_column("email_address", String(200), unique=True)
    name: Mapped[str | None]
    nickname: Mapped["str | None"]
    orders: Mapped[list["Order"]] = relationship(back_populates="customer")
    score: Mapped[int] = mapped_column(default=0)
    level = mapped_column(sa.Integer, server_default="1")
    notes = C(sa.Text)
    kind: Mapped[str] = mapped_column(name="type", nullable=True)
    alias = synonym("name")


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (sa.Index("ix_orders_total", "total"), {"schema": "sales"})
    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey(f"{SCHEMA}.{PREFIX}customers.id"))
    customer: Mapped["Customer"] = relationship(back_populates="orders")
    total: Mapped[float] = money()
    status: Mapped[Status] = mapped_column(sa.Enum(Status))
    channel: Mapped[Status] = mapped_column(sa.Enum(Status, values_callable=lambda e: [m.value for m in e]))
    note: Mapped[str] = deferred(mapped_column(sa.Text))
    gross = mapped_column(sa.Numeric, sa.Computed("total * 1.2"))


class Vehicle(Base):
    __tablename__ = "vehicles"
    id: Mapped[intpk]
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}


class Car(Vehicle):
    doors: Mapped[int] = mapped_column(nullable=True)
    __mapper_args__ = {"polymorphic_identity": "car"}


class Truck(Vehicle):
    __tablename__ = "trucks"
    id: Mapped[int] = mapped_column(ForeignKey("vehicles.id"), primary_key=True)
    load: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "truck"}


class Named(Base):
    __abstract__ = True

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return cls.__name__.lower() + "s"

    key: Mapped[str] = mapped_column(primary_key=True)


class Country(Named):
    label: Mapped[str]


class Region(Named):
    country: Mapped[str] = mapped_column(ForeignKey("countrys.key"))


tags = sa.Table(
    "order_tags",
    Base.metadata,
    sa.Column("order_id", sa.ForeignKey("sales.orders.id"), primary_key=True),
    C("tag", sa.Text, primary_key=True),
    schema="sales",
)
"""

DECLARATIVE_1 = """
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Enum, ForeignKey, Integer, MetaData, Table, Text, func, text
from sqlalchemy.orm import column_property, declarative_base, declared_attr, deferred, registry, relationship

Base = declarative_base(metadata=MetaData(schema="legacy"))


class Identified(object):
    id = Column(BigInteger, primary_key=True)

    @declared_attr
    def __tablename__(cls):
        return cls.__name__.lower()


class Account(Identified, Base):
    legacy_flag = Column("LegacyFlag", Boolean, nullable=False, default=False)
    state = Column(Enum("open", "closed", name="account_state"), nullable=False, server_default="open")
    body = deferred(Column(Text))
    manager_id = Column(ForeignKey("legacy.account.id"))
    manager = relationship("Account", remote_side="Account.id")
    twice = column_property(id * 2) if False else None


class Setting(Base):
    __tablename__ = "settings"
    __table_args__ = {"schema": None}
    name = Column(Text, primary_key=True)
    value = Column(Text)


class Plain(object):
    pass


mapper_registry = registry()
plain_table = Table(
    "plain",
    mapper_registry.metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, server_default=func.now()),
    Column("extra", Text),
)
mapper_registry.map_imperatively(Plain, plain_table)


class Hybrid(Base):
    __table__ = Table("hybrid", Base.metadata, Column("id", Integer, primary_key=True), Column("x", Integer, default=7))
"""
