"""ro-crate-py reads an export: crate.py FOLDER tells what it found; what an action names must be in the crate."""

import json
import sys
from pathlib import Path

from rocrate.rocrate import ROCrate


def ids_of(value: object) -> list[str]:
    entities = value if isinstance(value, list) else [value]
    return [entity if isinstance(entity, str) else entity.id for entity in entities if entity is not None]


def main(folder: str) -> None:
    crate = ROCrate(folder)
    actions = crate.get_by_type("CreateAction")
    files = {entity.id for entity in crate.data_entities}
    named = {name for action in actions for role in ("object", "result") for name in ids_of(action.get(role))}
    missing = sorted(name for name in named if name not in files or not (Path(folder) / name).is_file())
    if missing:
        sys.exit(f"actions name files that the crate lacks: {missing}")
    print(json.dumps({"name": crate.name, "actions": len(actions), "files": len(files), "named": len(named)}))


main(*sys.argv[1:])
