"""A Prisma schema becomes the queries that Prisma Client sends for it."""

from __future__ import annotations

from migrasafe.app.model import Query
from migrasafe.app.models.prisma import PrismaFile, read_prisma
from migrasafe.app.source.file_scan import FileScan, SourceText

SCHEMA = """
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}

enum Role {
  ADMIN  @map("admin")
  MEMBER // the default
  @@map("user_role")
}

/// A person { not a block }
model User {
  id        Int      @id @default(autoincrement())
  email     String   @unique @map("email_address") @db.VarChar(200)
  name      String?
  role      Role     @default(MEMBER)
  roles     Role[]
  settings  Json     @default(dbgenerated("'{}'::jsonb"))
  token     String   @default(uuid())
  changedAt DateTime @updatedAt @map("changed_at")
  legacy    String?  @ignore
  search    Unsupported("tsvector")?
  posts     Post[]
  tags      Tag[]

  @@map("users")
  @@schema("auth")
}

model Post {
  author   User    @relation(fields: [authorId], references: [id])
  authorId Int     @map("author_id")
  slug     String
  pinned   Boolean @default(false)

  @@id([authorId, slug(sort: Desc)], name: "key")
}

model Tag {
  label String @id
  users User[]
}

model Hidden {
  id Int @id

  @@ignore
}

view Totals {
  id    Int @unique
  total BigInt
}
"""


def scan(**files: str) -> FileScan:
    named = [(f"{name.replace('__', '/')}.prisma", text) for name, text in files.items()]
    programs = [SourceText("app.ts", "await prisma.tag.deleteMany({})")]
    return read_prisma([PrismaFile(path, SourceText(path, text)) for path, text in named], programs)


def queries(found: FileScan) -> dict[str, Query]:
    return {query.name: query for query in found.queries}


def test_all_that_the_client_sends_is_written_out() -> None:
    assert {
        name: query.sql for name, query in queries(scan(schema=SCHEMA)).items() if "Post" in name or "Tot" in name
    } == {
        "SELECT of model Post": 'SELECT author_id, slug, pinned FROM "Post" WHERE author_id = $1 AND slug = $2',
        "INSERT of the least of model Post": (
            'INSERT INTO "Post" (author_id, slug, pinned) VALUES ($1, $2, $3) RETURNING author_id, slug, pinned'
        ),
        "UPDATE of model Post": 'UPDATE "Post" SET pinned = $1 WHERE author_id = $2 AND slug = $3',
        "DELETE of model Post": 'DELETE FROM "Post" WHERE author_id = $1 AND slug = $2',
        "SELECT of model Totals": 'SELECT id, total FROM "Totals" WHERE id = $1',
    }


def test_defaults_of_the_client_are_sent_and_those_of_the_database_are_not() -> None:
    sql = queries(scan(schema=SCHEMA))["INSERT of the least of model User"].sql
    assert sql == (
        "INSERT INTO auth.users (email_address, role, token, changed_at) VALUES ($1, CAST($2::text AS user_role), $3, $4)"
        " RETURNING id, email_address, name, role, roles, settings, token, changed_at"
    )
    assert "CAST($4::text[] AS user_role[])" in queries(scan(schema=SCHEMA))["INSERT of model User"].sql


def test_readers_fail_on_null_and_on_labels_that_they_do_not_know() -> None:
    select = queries(scan(schema=SCHEMA))["SELECT of model User"]
    expected = {one.column: (one.not_null, one.labels) for one in select.expects}
    assert expected["email_address"] == (True, None)
    assert expected["role"] == (True, ("admin", "MEMBER"))
    assert "name" not in expected
    assert select.prepared
    line = SCHEMA.splitlines()[select.position(select.sql.index("changed_at")).line - 1]
    assert line.strip().startswith("changedAt")


def test_a_relation_of_many_to_many_has_a_table() -> None:
    found = queries(scan(schema=SCHEMA))
    assert found["INSERT of the least of model Tag.users"].sql == 'INSERT INTO "_TagToUser" ("A", "B") VALUES ($1, $2)'
    named = SCHEMA.replace("tags      Tag[]", 'tags Tag[] @relation("labels")').replace(
        "users User[]", 'users User[] @relation(name: "labels")'
    )
    assert 'FROM "_labels"' in queries(scan(schema=named))["DELETE of model Tag.users"].sql.replace(
        "_labels", '"_labels"'
    )


def test_a_schema_can_lie_in_many_files_and_another_database_is_left_alone() -> None:
    other = 'datasource db {\n  provider = "mysql"\n}\nmodel A {\n  id Int @id\n}\n'
    found = scan(
        prisma__schema='datasource db { provider = "postgresql" }\nenum E {\n  X\n}\n',
        prisma__models__a="model A {\n  id Int @id\n  e E\n  b B[]\n}\n",
        prisma__models__b="model B {\n  id Int @id\n  a A[]\n}\n",
        second__schema=other,
    )
    assert [query.sql for query in found.queries if query.name.startswith("SELECT")] == [
        'SELECT id, e FROM "A" WHERE id = $1',
        'SELECT "A", "B" FROM "_AToB" WHERE "A" = $1 AND "B" = $2',
        'SELECT id FROM "B" WHERE id = $1',
    ]
