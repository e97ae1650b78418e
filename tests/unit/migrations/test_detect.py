"""Which tool a folder belongs to, decided on names and heads."""

from __future__ import annotations

import pytest

from migrasafe.migrations.detect import candidates, find_migrations
from migrasafe.migrations.folder import folder_of
from migrasafe.migrations.formats import plain


def tools(texts, path="db"):
    found = candidates(folder_of(path, texts))
    return [one.layout for one in found.candidates] if found else []


@pytest.mark.parametrize(
    ("texts", "tool"),
    [
        ({"20240101_x/up.sql": ""}, "diesel"),
        ({"20240101_x/migration.sql": ""}, "prisma"),
        ({"V1__x.sql": ""}, "flyway"),
        ({"20220803121537__x.sql": ""}, "flyway"),
        ({"1_x.sql": "-- +GOOSE up\n"}, "goose"),
        ({"1_x.sql": "-- +migrate Up\n"}, "sql-migrate"),
        ({"1_x.sql": "-- migrate:up\n"}, "dbmate"),
        ({"1_x.sql": "-- no-transaction\n"}, "sqlx"),
        ({"1_x.postgres.autocommit.up.sql": ""}, "pop"),
        ({"1_x.sql": "-- Up Migration\n"}, "node-pg-migrate"),
        ({"0000_x.sql": "", "meta/_journal.json": "{}"}, "drizzle"),
        ({"x.sql": "--liquibase formatted sql\n"}, "liquibase"),
        ({"sqitch.plan": "", "deploy/x.sql": ""}, "sqitch"),
        ({"1.0_pre_x.sql": "", "1.0_post_x.sql": ""}, "pre-post"),
        ({"main/delta/73/01x.sql": ""}, "delta"),
        ({"1_x.sql": "SELECT 1;"}, "plain"),
    ],
)
def test_names_and_markers_show_the_tool(texts, tool):
    assert tools(texts) == [tool]


def test_markers_of_two_tools_make_two_candidates():
    assert tools({"1_a.sql": "-- +goose Up\n", "2_b.sql": "-- migrate:up\n"}) == ["goose", "dbmate"]


def test_up_and_down_files_alone_could_be_of_several_tools():
    assert len(tools({"1_a.up.sql": "", "1_a.down.sql": ""})) > 1


def test_a_project_that_names_its_tool_settles_it():
    above = folder_of("app", {"go.mod": "require github.com/golang-migrate/migrate/v4 v4.18.1"})
    found = candidates(folder_of("app/db", {"1_a.up.sql": ""}, above))
    assert found is not None
    assert [one.layout for one in found.candidates] == ["golang-migrate"]


def test_each_folder_of_migrations_below_a_project_is_found_and_other_sql_is_not():
    project = folder_of(
        "app",
        {
            "a/migrations/1_x.sql": "-- +goose Up\n",
            "b/migrations/1_x.sql": "SELECT 1;",
            "queries/find.sql": "SELECT 1;",
        },
    )
    assert [found.folder.path for found in find_migrations(project)] == ["app/a/migrations", "app/b/migrations"]


def test_the_ways_back_of_a_plan_are_left_out_beside_the_files_that_they_take_back():
    texts = {"10_expand.sql": "", "undo_10_expand.sql": "", "20_switch.sql": "", "undo_everything.sql": ""}
    read = plain.read(folder_of("plans/r1", texts))
    assert [migration.id for migration in read.migrations] == ["10_expand", "20_switch", "undo_everything"]
