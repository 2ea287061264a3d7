"""proto/asyncapi.yaml is valid, says what the .proto files say, and is enough to read every event.

Usage: asyncapi.py   (needs tests/python/install; installs AsyncAPI's own parser into tests/.cache)
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
DOCUMENT = PROTO / "asyncapi.yaml"
PARSER = ROOT / "tests/asyncapi"
CACHE = ROOT / "tests/.cache/asyncapi"


def main() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    channels = yaml.safe_load(written)["channels"]
    it_is_what_the_proto_files_ask_for()
    it_has_every_event_of_its_owner(channels)
    it_reads_every_frozen_event(channels)
    parsed, *broken = parse(written, without_actions(written), with_a_broken_payload(written))
    assert not parsed["problems"], "\n".join(parsed["problems"])
    tools_see_every_field(parsed["messages"])
    for document in broken:
        assert document["problems"], "the parser accepts a broken document: it proves nothing"
    print(f"asyncapi.yaml: {len(channels)} events, valid, as the .proto files say")


def it_is_what_the_proto_files_ask_for() -> None:
    subprocess.run([sys.executable, str(PROTO / "asyncapi.py"), "--check"], check=True)


def it_has_every_event_of_its_owner(channels) -> None:
    """All places that list the events agree."""
    owners = {name: channel["address"].split(".")[0] for name, channel in channels.items()}
    assert all(channel["address"] == f"{owners[name]}.{name}" for name, channel in channels.items())

    rust = re.search(r"^events!\(\s*([^)]*)\);", (PROTO / "src/lib.rs").read_text(), re.MULTILINE)[1]
    internal = set(re.findall(r"Among services only\.\nmessage (\w+)", (PROTO / "fieldreport/event/v1/event.proto").read_text()))
    assert set(re.findall(r"\w+", rust)) == set(owners) | internal, "events! of proto/src/lib.rs"

    readme = (PROTO / "README.md").read_text().partition("\n## Events\n")[2]
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (\w+) \|", readme, re.MULTILINE)
    listed = {name: owner for names, owner in rows for name in re.findall(r"\w+", names)}
    assert listed == owners, f"the table of proto/README.md: {set(listed.items()) ^ set(owners.items())}"

    services = (ROOT / "services/README.md").read_text()
    published = {}
    for owner in set(owners.values()):
        row = re.search(rf"^\| {owner} \|.*$", services, re.MULTILINE)[0].split("|")
        published |= {name: owner for name in re.findall(r"[A-Z]\w+", row[4])}
    assert published == owners, f"the table of services/README.md: {set(published.items()) ^ set(owners.items())}"


def it_reads_every_frozen_event(channels) -> None:
    """Who has this document alone reads the same as who has the .proto files."""
    whole = messages_of(PROTO, "fieldreport/event/v1/event.proto")
    for name, channel in channels.items():
        message = channel["messages"][name]
        full_name = message["name"]
        frozen = (PROTO / f"tests/frozen/{name}.v1.bin").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "payload.proto").write_text(message["payload"]["schema"], encoding="utf-8")
            alone = messages_of(Path(folder), "payload.proto")
        read = [json_format.MessageToDict(pool(full_name).FromString(frozen)) for pool in (whole, alone)]
        assert read[0] == read[1], f"{name}: {read[1]} instead of {read[0]}"
        assert read[0], f"{name}: the frozen file is empty"


def messages_of(folder: Path, file: str):
    """Finds the class of a message of this file by its full name."""
    well_known = Path(protoc.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        options = [f"-I{folder}", f"-I{PROTO}", f"-I{well_known}", "--include_imports"]
        assert protoc.main(["protoc", *options, f"--descriptor_set_out={out.name}", file]) == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
    pool = descriptor_pool.DescriptorPool()
    for each in files:
        pool.Add(each)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name))


def without_actions(written: str) -> str:
    return written.replace("    action: send\n", "")


def with_a_broken_payload(written: str) -> str:
    return written.replace("string report = 1;", "strin report = 1;")


def parse(*documents: str):
    """What AsyncAPI's own parser says about each."""
    install_parser()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.yaml" for number in range(len(documents))]
        for file, document in zip(files, documents, strict=True):
            file.write_text(document, encoding="utf-8")
        environment = os.environ | {"NODE_PATH": str(CACHE / "node_modules")}
        command = [tool("node"), str(PARSER / "validate.js"), *map(str, files)]
        said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def install_parser() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (PARSER / "package-lock.json").read_bytes()
        stamp = CACHE / "installed-lock.json"
        if stamp.exists() and stamp.read_bytes() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PARSER / name, CACHE / name)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([tool("npm"), "ci", *options], cwd=CACHE, check=True, stdout=sys.stderr)
        stamp.write_bytes(wanted)


def tool(name: str) -> str:
    """Of the virtual environment, also when it is not active."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, f"{name} is missing: run tests/python/install"
    return found


def tools_see_every_field(messages) -> None:
    """The parser's own reading of the payloads has the fields of the .proto files, into every depth."""
    whole = messages_of(PROTO, "fieldreport/event/v1/event.proto")
    for message in messages:
        compare(message["name"], message["payload"]["schema"], whole(message["name"]).DESCRIPTOR)


def compare(path: str, schema, descriptor) -> None:
    seen = schema["properties"]
    assert set(seen) == {field.name for field in descriptor.fields}, f"{path}: {sorted(seen)}"
    for field in descriptor.fields:
        inner = seen[field.name]
        if field.message_type and field.message_type.file.package.startswith("fieldreport."):
            compare(f"{path}.{field.name}", inner.get("items", inner), field.message_type)
        elif field.enum_type:
            values = {value.name: value.number for value in field.enum_type.values}
            assert inner["x-enum-mapping"] == values, f"{path}.{field.name}: {inner}"


if __name__ == "__main__":
    main()
