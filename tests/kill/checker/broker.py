"""What waits in the queues of the bus."""

import json
import sqlite3
import subprocess

VHOST = "fieldreport"


def of_file(file):
    """Messages in each queue of the table bus of embedded mode."""
    if not file.exists():
        return {}
    connection = sqlite3.connect(file, timeout=30)
    return dict(connection.execute("SELECT queue, count(*) FROM deliveries GROUP BY queue"))


def of_rabbitmq(control):
    """Messages in each queue, delivered and not yet acknowledged ones included."""
    command = [*control, "list_queues", "--quiet", "--formatter", "json", "-p", VHOST, "name", "messages"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60).stdout
    return {queue["name"]: queue["messages"] for queue in json.loads(said or b"[]")}
