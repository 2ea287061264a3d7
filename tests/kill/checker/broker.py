"""What waits in the queues of the bus."""

import sqlite3


def of_file(file):
    """Messages in each queue of the table bus of embedded mode."""
    if not file.exists():
        return {}
    connection = sqlite3.connect(file, timeout=30)
    return dict(connection.execute("SELECT queue, count(*) FROM deliveries GROUP BY queue"))
