#!/usr/bin/env python3
"""Writes the generated part of asyncapi.yaml: one channel, message and operation for every event of event.proto.

    python3 proto/asyncapi.py           writes it
    python3 proto/asyncapi.py --check   changes nothing; fails if it is not up to date

Needs `pip install grpcio-tools`. An event is a message of event.proto whose comment ends in `Source: <service>.`; every
other message must be a part of one. AsyncAPI wants each payload's protobuf text in one piece, so each event stands there
with the types it uses, copied from the .proto files word by word.
"""

import difflib
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parent
DOCUMENT = PROTO / "asyncapi.yaml"
EVENTS = "fieldreport/event/v1/event.proto"
MARK = "# ---- generated ----\n"
ACCESS = "fieldreport.common.v1.Access"


@dataclass
class Type:
    """A message or enum on the top level of a .proto file; `comment` and `text` are read of our own alone."""

    name: str
    file: str
    descriptor: descriptor_pb2.DescriptorProto | descriptor_pb2.EnumDescriptorProto
    comment: str = ""
    text: str = ""

    @property
    def ours(self) -> bool:
        return self.file.startswith("fieldreport/")

    def fields(self):
        """(name, full name of the type or "") of each field; those of nested messages too."""
        pending = [self.descriptor] if isinstance(self.descriptor, descriptor_pb2.DescriptorProto) else []
        while pending:
            message = pending.pop()
            yield from ((field.name, field.type_name.removeprefix(".")) for field in message.field)
            pending.extend(message.nested_type)


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    old = DOCUMENT.read_text(encoding="utf-8")
    by_hand, mark, _ = old.partition(MARK)
    if not mark:
        sys.exit(f"{DOCUMENT}: the line «{MARK.strip()}» is missing; what it replaces is written below it")
    new = by_hand + MARK + generated(read_types())
    if not sys.argv[1:]:
        DOCUMENT.write_text(new, encoding="utf-8")
    elif new != old:
        names = ("asyncapi.yaml", "event.proto asks for")
        sys.stderr.writelines(difflib.unified_diff(old.splitlines(True), new.splitlines(True), *names, n=1))
        sys.exit("proto/asyncapi.yaml is not up to date: run python3 proto/asyncapi.py")


def read_types() -> dict[str, Type]:
    """Every type of event.proto and of the files that it imports, by full name, in the order of the files."""
    well_known = Path(protoc.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        options = ["--include_imports", "--include_source_info", f"--descriptor_set_out={out.name}"]
        if protoc.main(["protoc", f"-I{PROTO}", f"-I{well_known}", *options, EVENTS]) != 0:
            sys.exit(f"{EVENTS} does not compile")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
    types = {}
    for file in files:
        for number, descriptors in ((4, file.message_type), (5, file.enum_type)):
            for index, descriptor in enumerate(descriptors):
                each = Type(descriptor.name, file.name, descriptor)
                types[f"{file.package}.{each.name}"] = each
                if each.ours:
                    place = next(place for place in file.source_code_info.location if place.path == [number, index])
                    each.comment = " ".join(place.leading_comments.split())
                    each.text = cut(file.name, place)
    return types


def cut(file: str, place: descriptor_pb2.SourceCodeInfo.Location) -> str:
    """The lines of a declaration and of the comment above it."""
    # Of a span within one line the last line is left out.
    first, last = place.span[0], place.span[2] if len(place.span) == 4 else place.span[0]
    lines = (PROTO / file).read_text(encoding="utf-8").splitlines()
    return "\n".join(lines[first - place.leading_comments.count("\n") : last + 1])


def generated(types: dict[str, Type]) -> str:
    channels, operations, told = [], [], set()
    for full_name, event in types.items():
        said = re.fullmatch(r"(.+) Source: ([a-z]+)\.", event.comment)
        if not said or event.file != EVENTS:
            continue
        description, service = said.groups()
        parts = parts_of(full_name, types)
        told.update(parts)
        payload = proto_text([types[part] for part in parts])
        channels.append(channel(full_name, service, description, access(event, types), payload))
        operations.append(operation(event.name))
    internal = [name for name, each in types.items() if each.comment.endswith("Among services only.")]
    told.update(internal)
    homeless = [name for name, each in types.items() if each.file == EVENTS and name not in told]
    if homeless:
        sys.exit(f"neither an event (its comment ends in `Source: <service>.`, or `Among services only.`) nor a part of one: {', '.join(homeless)}")
    return "channels:\n" + "".join(channels) + "operations:\n" + "".join(operations)


def parts_of(event: str, types: dict[str, Type]) -> list[str]:
    """The event and every type within it, the event first; of a type that is not ours the name is enough."""
    found = [event]
    for name in found:
        for _, wanted in types[name].fields() if types[name].ours else ():
            # A nested type stands in the text of the type around it.
            holder = next((each for each in types if f"{wanted}.".startswith(f"{each}.")), None)
            if holder and holder not in found:
                found.append(holder)
    return found


def access(event: Type, types: dict[str, Type]) -> str:
    """Where the event says who may see the report."""
    for name, wanted in event.fields():
        if wanted == ACCESS:
            return name
        inside = access(types[wanted], types) if wanted in types else ""
        if inside:
            return f"{name}.{inside}"
    return ""


def proto_text(parts: list[Type]) -> str:
    """A .proto file of these types, which share one package here."""
    ours = [part for part in parts if part.ours]
    if len({part.name for part in ours}) < len(ours):
        sys.exit(f"{parts[0].name}: two of its types have the same name")
    imports = sorted({f'import "{part.file}";' for part in parts if not part.ours})
    text = "\n\n".join(part.text for part in ours)
    text = re.sub(r"\bfieldreport(\.[a-z]\w*)+\.(?=[A-Z])", "", text)
    return "\n".join(['syntax = "proto3";', "package fieldreport.event.v1;", *imports]) + "\n\n" + text


def indented(text: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line if line else "" for line in text.splitlines())


def quoted(text: str) -> str:
    """A YAML double-quoted scalar; JSON's strings are such."""
    return json.dumps(text, ensure_ascii=False)


def channel(full_name: str, service: str, description: str, access_field: str, payload: str) -> str:
    name = full_name.rsplit(".", 1)[-1]
    who = f"`{access_field}` says who may see the report." if access_field else "Does not say who may see the report."
    return f"""\
  {name}:
    address: {service}.{name}
    description: {quoted(description)}
    bindings:
      $ref: '#/components/channelBindings/exchange'
    messages:
      {name}:
        name: {full_name}
        title: {name}
        summary: {quoted(description)}
        description: {quoted(who)}
        tags:
          - name: {service}
        traits:
          - $ref: '#/components/messageTraits/cloudEvent'
        bindings:
          amqp:
            messageType: {full_name}
            bindingVersion: 0.3.0
        headers:
          properties:
            cloudEvents_source:
              const: fieldreport/{service}
            cloudEvents_type:
              const: {full_name}
            cloudEvents_dataschema:
              const: type.googleapis.com/{full_name}
        payload:
          schemaFormat: application/vnd.google.protobuf;version=3
          schema: |
{indented(payload, 12)}
"""


def operation(name: str) -> str:
    return f"""\
  send{name}:
    action: send
    channel:
      $ref: '#/channels/{name}'
    traits:
      - $ref: '#/components/operationTraits/persistent'
"""


if __name__ == "__main__":
    main()
