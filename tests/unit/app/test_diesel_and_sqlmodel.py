"""What Diesel and SQLModel make an app send, read from its source."""

from __future__ import annotations

from migrasafe.app.models.diesel import read_diesel
from migrasafe.app.models.python_project import PythonFile
from migrasafe.app.models.read_python_models import read_python_models
from migrasafe.app.source.file_scan import SourceText

SCHEMA = """
diesel::table! {
    use diesel::sql_types::*;

    /// People
    shop.users (id) {
        id -> Int4,
        #[sql_name = "type"]
        type_ -> Nullable<Varchar>,
        tags -> Array<Nullable<Text>>,
    }
}
diesel::table! { unused (a, b) { a -> Int4, b -> Int4 } }
diesel::table! { posts (id) { id -> BigInt, title -> Text } }
"""
PROGRAM = """
use crate::schema::{users, posts};

#[derive(Insertable, Clone)]
#[diesel(table_name = users)]
pub struct NewUser<'a> {
    #[diesel(column_name = type_)]
    pub kind: Option<&'a str>, // not tags: Vec<String>,
    pub id: i32,
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = posts)]
struct PostUpdate { title: String }

fn write(c: &mut PgConnection) {
    diesel::insert_into(posts::table).values((posts::title.eq("x"),)).execute(c);
    diesel::delete(posts::table.filter(posts::id.eq(1))).execute(c);
}
"""
MODELS = """
import uuid
from typing import ClassVar, List, Optional
from sqlalchemy import Column, Text
from sqlmodel import Field, Relationship, SQLModel

class HeroBase(SQLModel):
    name: str = Field(index=True)
    age: int | None = None

class Team(SQLModel, table=True):
    __tablename__ = "teams"
    __table_args__ = {"schema": "shop"}
    id: Optional[int] = Field(default=None, primary_key=True)
    headquarters: str = Field(sa_column=Column("hq", Text, nullable=False))
    created: str = Field(default=None, sa_column_kwargs={"server_default": "now()", "name": "created_at"})
    heroes: List["Hero"] = Relationship(back_populates="team")
    LIMIT: ClassVar[int] = 4

class Hero(HeroBase, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    team_id: Optional[int] = Field(default=None, foreign_key="shop.teams.id")

class HeroRead(HeroBase):
    id: int
"""


def test_each_table_of_diesel_that_is_used_is_read_and_structs_are_written() -> None:
    scan = read_diesel([SourceText("schema.rs", SCHEMA), SourceText("main.rs", PROGRAM)])
    assert [(query.sql, query.location.path) for query in scan.queries] == [
        ("SELECT id, type, tags FROM shop.users WHERE id = $1", "schema.rs"),
        ("SELECT id, title FROM posts WHERE id = $1", "schema.rs"),
        ("INSERT INTO shop.users (type, id) VALUES (DEFAULT, $1)", "main.rs"),
        ("INSERT INTO shop.users (type, id) VALUES ($1, $2)", "main.rs"),
        ("UPDATE posts SET title = $1", "main.rs"),
        ("INSERT INTO posts (title) VALUES ($1)", "main.rs"),
        ("DELETE FROM posts WHERE id = $1", "schema.rs"),
    ]
    assert [one.column for one in scan.queries[0].expects] == ["id", "tags"]


def test_sqlmodel_maps_the_fields_of_table_classes_and_of_their_bases() -> None:
    scan = read_python_models([PythonFile("app/models.py", SourceText("app/models.py", MODELS))])
    assert scan.unread == ()
    assert [query.sql for query in scan.queries if query.name.startswith(("SELECT", "INSERT of the least"))] == [
        "SELECT id, hq, created_at FROM shop.teams WHERE id = $1",
        "INSERT INTO shop.teams (hq) VALUES ($1) RETURNING id",
        "SELECT id, team_id, name, age FROM hero WHERE id = $1",
        "INSERT INTO hero (id, team_id, name, age) VALUES ($1, NULL, $2, NULL)",
    ]
