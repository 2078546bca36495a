"""model-signing, mlcroissant and huggingface_hub read a released folder.

release.py FOLDER: the folder's signature is checked with the key beside it; its datasets and cards must load.
"""

import json
import sys
from pathlib import Path

import mlcroissant
import model_signing
from huggingface_hub import DatasetCard, ModelCard


def verify_signature(folder: Path) -> None:
    signature = folder / "model.sig"
    config = model_signing.verifying.Config().use_elliptic_key_verifier(public_key=folder / "signing-key.pub")
    hashing = model_signing.hashing.Config().set_ignored_paths(paths=[signature], ignore_git_paths=True)
    config.set_hashing_config(hashing).verify(folder, signature)


def read_dataset(folder: Path) -> dict:
    dataset = mlcroissant.Dataset(folder / "croissant.json")
    issues = dataset.metadata.ctx.issues
    rows = list(dataset.records("rows"))
    card = DatasetCard.load(folder / "README.md")
    return {
        "name": str(dataset.metadata.name),
        "rows": len(rows),
        "fields": sorted(rows[0]),
        "errors": sorted(issues.errors),
        "warnings": sorted(issues.warnings),
        "license": card.data.license,
    }


def read_card(folder: Path) -> dict:
    card = ModelCard.load(folder / "README.md")
    metrics = {result.metric_type: result.metric_value for result in card.data.eval_results or []}
    return {"license": card.data.license, "tags": card.data.tags, "metrics": metrics}


def main(folder: str) -> None:
    root = Path(folder)
    verify_signature(root)
    datasets = {one.name: read_dataset(one) for one in sorted((root / "datasets").iterdir())}
    print(json.dumps({"card": read_card(root), "datasets": datasets}))


main(*sys.argv[1:])
