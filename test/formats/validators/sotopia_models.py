"""Sotopia's own models read an export.

sotopia_models.py FOLDER: profiles, and episode logs, each rendered for people, which looks its agents up.
"""

import contextlib
import json
import sys
from pathlib import Path

# The package says on standard output where it stores things.
with contextlib.redirect_stdout(sys.stderr):
    from sotopia.database import (
        AgentProfile,
        EnvAgentComboStorage,
        EnvironmentProfile,
        EpisodeLog,
        RelationshipProfile,
    )

MODELS = {
    "agent_profiles": AgentProfile,
    "environment_profiles": EnvironmentProfile,
    "relationship_profiles": RelationshipProfile,
    "env_agent_combo_storages": EnvAgentComboStorage,
    "episode_logs": EpisodeLog,
}


def read(folder: Path, name: str) -> list:
    lines = (folder / f"{name}.jsonl").read_text().splitlines()
    return [MODELS[name](**json.loads(line)) for line in lines]


def main(folder: str) -> None:
    read_models = {name: read(Path(folder), name) for name in MODELS}
    for agent in read_models["agent_profiles"]:
        agent.save()
    known = {environment.pk for environment in read_models["environment_profiles"]}
    rendered = []
    for log in read_models["episode_logs"]:
        if log.environment not in known:
            raise SystemExit(f"{log.pk}: no environment {log.environment}")
        profiles, texts = log.render_for_humans()
        rendered.append({"agents": [profile.first_name for profile in profiles], "texts": texts})
    print(
        json.dumps(
            {
                "counts": {name: len(models) for name, models in read_models.items()},
                "models": {
                    name: [model.model_dump(mode="json") for model in models]
                    for name, models in read_models.items()
                    if name != "episode_logs"
                },
                "rewards": [log.rewards for log in read_models["episode_logs"]],
                "rendered": rendered,
            }
        )
    )


main(*sys.argv[1:])
