"""Two schemas as lines: equal where nobody could tell them apart, different where somebody could."""

from __future__ import annotations

import pytest

from migrasafe.rehearse.same.catalog_lines import catalog_lines, differences
from tests.postgres.servers import Database

PARTITIONED = """
CREATE TABLE visits (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10);
CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM (10) TO (20);
INSERT INTO visits VALUES (1), (11);
CREATE TABLE bills (id int, visit int CONSTRAINT of_visit REFERENCES visits);
INSERT INTO bills VALUES (1, 1), (2, 11);
"""
AGAIN = """
ALTER TABLE bills DROP CONSTRAINT of_visit;
ALTER TABLE bills ADD CONSTRAINT of_visit FOREIGN KEY (visit) REFERENCES visits NOT VALID;
"""


@pytest.mark.majors(12, 17, 18)
def test_a_foreign_key_to_partitions_is_as_before_when_it_is_validated_again(
    each_major: int, database: Database
) -> None:
    database.execute(PARTITIONED)
    before = catalog_lines(database.dsn)
    database.execute(AGAIN)
    wrong = differences(before, catalog_lines(database.dsn))
    assert "FOREIGN KEY (visit) REFERENCES public.visits(id) NOT VALID valid f" in " ".join(wrong)
    database.execute("ALTER TABLE bills VALIDATE CONSTRAINT of_visit")
    assert not differences(before, catalog_lines(database.dsn))
