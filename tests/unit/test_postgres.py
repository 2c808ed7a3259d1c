"""The PostgreSQL that tests use is a real one, and each test has a database of its own."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from postgres import fresh_database, postgres_server, statement

__all__ = ["fresh_database", "postgres_server"]


def one(url: str, text: str) -> object:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(text)).scalar()
    finally:
        engine.dispose()


@pytest.mark.parametrize("time", ["first", "second"])
def test_every_test_has_an_empty_database_of_a_real_server(fresh_database: str, time: str) -> None:
    assert str(one(fresh_database, "SHOW server_version_num")).startswith("1")
    assert one(fresh_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    statement(fresh_database, "CREATE TABLE visit (id int)", "INSERT INTO visit VALUES (1)")
    assert one(fresh_database, "SELECT id FROM visit") == 1


ALONE = """
import time
from postgres import running_server
with running_server() as server:
    print(server.get_pid(), server.pgdata, flush=True)
    time.sleep(600)
"""


def test_a_server_ends_with_the_process_that_started_it_and_was_killed() -> None:
    tests = Path(__file__).parent.parent
    process = subprocess.Popen([sys.executable, "-c", ALONE], cwd=tests, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    server, data = process.stdout.readline().split()
    assert psutil.pid_exists(int(server))
    process.kill()
    process.communicate()
    until = time.monotonic() + 60
    while psutil.pid_exists(int(server)) or Path(data).parent.exists():
        assert time.monotonic() < until
        time.sleep(0.05)
