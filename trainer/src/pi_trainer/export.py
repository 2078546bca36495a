"""From a checkpoint to a policy directory, and from an adapter to a whole model."""

import json
from argparse import Namespace
from pathlib import Path

from .checkpoint import MANIFEST, read_checkpoint
from .digest import directory_digest
from .errors import TrainerError
from .policy_files import ADAPTER_CONFIG, FULL_WEIGHTS, SideFiles, link_tree, pretty_json, write_weights


def export(options: Namespace) -> str:
    """Writes `options.target` and returns its directory digest. Raises TrainerError when the source is not whole."""
    source, target = Path(options.source), Path(options.target)
    if target.exists():
        raise TrainerError("INVALID_JOB", f"{target} exists", "Give a directory that does not exist yet.")
    policy = read_checkpoint(source).policy if (source / MANIFEST).exists() else source
    if options.merge:
        _merge(policy, options.base, target)
    else:
        link_tree(policy, target)
    return directory_digest(target)


def _merge(policy: Path, base: Path | None, target: Path) -> None:
    from .serving.policy import load_policy

    if not (policy / ADAPTER_CONFIG).exists():
        raise TrainerError("MODEL_INVALID", f"{policy} is no adapter", "Leave out --merge.")
    merged = load_policy(policy, base)
    assert base is not None  # load_policy needs it for an adapter
    files = SideFiles.read(base).contents
    files = {**files, "config.json": pretty_json({**merged.config, "dtype": "float32"})}
    if json.loads(files["config.json"]).get("torch_dtype"):
        files["config.json"] = pretty_json({**merged.config, "dtype": "float32", "torch_dtype": "float32"})
    SideFiles(files).write(target)
    write_weights(target / FULL_WEIGHTS, merged.tensors)
