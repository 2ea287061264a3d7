"""The bodies of events, by classes that protoc makes from the contract."""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path


class Contract:
    """Made once per process: generated classes cannot be registered twice."""

    _folder = None

    def __init__(self, proto: Path):
        if Contract._folder is None:
            Contract._folder = tempfile.TemporaryDirectory(prefix="fieldreport-contract-")
            _generate(proto, Path(Contract._folder.name))
        self._events = importlib.import_module("fieldreport.event.v1.event_pb2")

    def decode(self, event_type: str, body: bytes):
        """The message that the type promises; raises for a type or a body that is none."""
        message = getattr(self._events, event_type.rpartition(".")[2])()
        message.ParseFromString(body)
        return message


def _generate(proto, out):
    from grpc_tools import protoc

    ours = sorted(str(file.relative_to(proto)) for file in proto.glob("fieldreport/**/*.proto"))
    vendored = sorted(str(file.relative_to(proto)) for file in proto.glob("google/**/*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    options = [f"-I{proto}", f"-I{well_known}", f"--python_out={out}"]
    if protoc.main(["protoc", *options, *ours, *vendored]) != 0:
        raise RuntimeError("the .proto files do not compile")
    sys.path.insert(0, str(out))
    # google.* lies in two places: the installed packages and what was made here.
    google = importlib.import_module("google")
    google.__path__ = pkgutil.extend_path(google.__path__, "google")
    for part in ("api", "type", "rpc"):
        try:
            module = importlib.import_module(f"google.{part}")
        except ImportError:
            continue
        module.__path__ = pkgutil.extend_path(module.__path__, f"google.{part}")


def micros(timestamp) -> int:
    return timestamp.seconds * 1_000_000 + timestamp.nanos // 1_000
