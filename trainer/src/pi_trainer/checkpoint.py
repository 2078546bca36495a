"""Checkpoints that exist whole or not at all: written aside, sealed by a manifest of digests, then renamed."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .digest import list_files
from .errors import TrainerError
from .policy_files import pretty_json

MANIFEST = "manifest.json"
FORMAT = "pi-trainer-checkpoint-1"


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint: `policy/` can be served, `state/` can be resumed. Nothing in it depends on where it lies."""

    directory: Path
    step: int
    run: str

    @property
    def policy(self) -> Path:
        return self.directory / "policy"

    @property
    def state(self) -> Path:
        return self.directory / "state"


def write_checkpoint(work: Path, step: int, run: str, fill: Callable[[Path], None]) -> Checkpoint:
    """
    Makes `work/checkpoint-<step>`. `fill` writes the contents into the folder it is given.

    `run` identifies the job (see `run_identity`): a checkpoint of another job must not be resumed by mistake.
    """
    target = work / f"checkpoint-{step}"
    partial = work / f"checkpoint-{step}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        fill(partial)
        files = list_files(partial)
        manifest = {"format": FORMAT, "step": step, "run": run, "files": files}
        (partial / MANIFEST).write_bytes(pretty_json(manifest))
        for path in [*partial.rglob("*"), partial]:
            _sync(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    _sync(work)
    return Checkpoint(target, step, run)


def read_checkpoint(directory: Path) -> Checkpoint:
    """Verifies a checkpoint's every byte. Raises CHECKPOINT_INVALID when it is not whole."""
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']!r}, not {FORMAT!r}")
        found = [file for file in list_files(directory) if file["name"] != MANIFEST]
        if found != manifest["files"]:
            expected = {file["name"]: file for file in manifest["files"]}
            actual = {file["name"]: file for file in found}
            names = sorted(n for n in expected.keys() | actual.keys() if expected.get(n) != actual.get(n))
            raise ValueError(f"does not match its manifest: {', '.join(names)}")
        return Checkpoint(directory, int(manifest["step"]), str(manifest["run"]))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise TrainerError(
            "CHECKPOINT_INVALID", f"{directory}: {failure}", "Resume from an older checkpoint, or from none."
        ) from failure


def find_newest(work: Path, run: str, report: Callable[[Path, str], None]) -> Checkpoint | None:
    """The whole checkpoint of this run with the highest step in a folder; `report` hears of each one passed over."""
    numbered = [(int(p.name.partition("-")[2]), p) for p in work.glob("checkpoint-*") if p.name[11:].isdecimal()]
    for partial in sorted(work.glob("checkpoint-*.partial")):
        report(partial, "its writing was interrupted")
    for _, directory in sorted(numbered, reverse=True):
        try:
            checkpoint = read_checkpoint(directory)
        except TrainerError as failure:
            report(directory, failure.message)
            continue
        if checkpoint.run == run:
            return checkpoint
        report(directory, "it belongs to another job")
    return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
