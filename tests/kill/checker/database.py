"""Reads the services' databases, on both engines, with plain SQL."""

import asyncio
import sqlite3
import uuid
from collections import namedtuple

SERVICES = ("intake", "classification", "routing", "satisfaction")


def as_uuid(value):
    if value is None or isinstance(value, uuid.UUID):
        return value
    return uuid.UUID(bytes=bytes(value)) if len(value) == 16 else uuid.UUID(value)


def as_bytes(value):
    return None if value is None else bytes(value)


def as_bool(value):
    return None if value is None else bool(value)


KINDS = {"uuid": as_uuid, "bytes": as_bytes, "bool": as_bool}


class _Server:
    """A read-only session of PostgreSQL, with the one method of sqlite3's connections that is used here."""

    def __init__(self, url):
        import asyncpg

        self.loop = asyncio.new_event_loop()
        settings = {"default_transaction_read_only": "on"}
        self.connection = self.loop.run_until_complete(asyncpg.connect(url, server_settings=settings))

    def execute(self, sql):
        return map(tuple, self.loop.run_until_complete(self.connection.fetch(sql)))


class Databases:
    """One connection to each service's database."""

    def __init__(self, site):
        self.site = site
        self.connections = {}

    def connection(self, service):
        if service not in self.connections:
            self.connections[service] = self._connect(service)
        return self.connections[service]

    def _connect(self, service):
        if self.site.is_embedded:
            # Not read-only: a database that was killed has a write-ahead log to fold in.
            return sqlite3.connect(self.site.data / f"{service}.db", timeout=30)
        return _Server(self.site.databases[service])

    def rows(self, service, sql):
        """Rows as tuples, as the engine gives them."""
        return self.connection(service).execute(sql)

    def table(self, service, name, columns, tail=""):
        """Rows of a table as named tuples; `columns` is e.g. "id:uuid code time"."""
        fields = [column.partition(":") for column in columns.split()]
        names = [field for field, _, _ in fields]
        kinds = [KINDS.get(kind) for _, _, kind in fields]
        row_type = namedtuple(name.rpartition(".")[2], names)
        for row in self.rows(service, f"SELECT {', '.join(names)} FROM {name} {tail}"):
            yield row_type._make(kind(value) if kind else value for kind, value in zip(kinds, row))

    def count(self, service, name, condition="1=1"):
        return next(iter(self.rows(service, f"SELECT count(*) FROM {name} WHERE {condition}")))[0]

    def tables(self, service):
        """Every table with its columns, `schema.name` where the engine has schemas."""
        if self.site.is_embedded:
            names = [row[0] for row in self.rows(service, "SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                yield name, [row[1] for row in self.rows(service, f"PRAGMA table_info({name})")]
            return
        found = {}
        sql = (
            "SELECT table_schema, table_name, column_name FROM information_schema.columns "
            "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, ordinal_position"
        )
        for schema, table, column in self.rows(service, sql):
            found.setdefault(f"{schema}.{table}", []).append(column)
        yield from found.items()

    @property
    def identities(self):
        """The one table that holds who reported."""
        return "identities" if self.site.is_embedded else "identity.identities"
