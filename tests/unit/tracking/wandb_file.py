"""Reader of the file that W&B keeps of a run: LevelDB-like blocks of protobuf records."""

import struct
from pathlib import Path

BLOCK, HEADER = 32768, 7


def records(path: Path):
    """Records of a ``.wandb`` file, each a ``Record`` of wandb's own protobuf."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, parts = Path(path).read_bytes(), HEADER, b""
    assert data[:4] == b":W&B"
    while place + HEADER <= len(data):
        left = BLOCK - place % BLOCK
        if left < HEADER:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + HEADER])
        parts += data[place + HEADER : place + HEADER + length]
        place += HEADER + length
        if kind in (1, 4):  # whole, or the last part
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


def read_run(folder: Path, run_id: str) -> dict:
    """Config, summary, history, artifacts and names of a run that W&B keeps below a folder."""
    import json

    (file,) = Path(folder).glob(f"wandb/offline-run-*-{run_id}/run-{run_id}.wandb")
    found = {"config": {}, "summary": {}, "history": [], "artifacts": {}, "used": {}}
    for record in records(file):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found["config"] |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
            found |= {name: getattr(record.run, name) for name in ("run_id", "run_group", "job_type", "display_name")}
            found["tags"] = list(record.run.tags)
        elif kind == "config":
            found["config"] |= {item.key: json.loads(item.value_json) for item in record.config.update}
        elif kind == "summary":
            for item in record.summary.update:
                found["summary"]["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
        elif kind == "history":
            found["history"].append(
                {"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in record.history.item}
            )
        elif kind == "artifact":
            found["artifacts"][record.artifact.name] = record.artifact
    return found
