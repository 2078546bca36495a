"""Plays Sotopia episodes with the PyPI package `sotopia`, so many at once, until it is killed.

Twenty turns by two agents and one rating, as π-loop's own bench plays them. Nothing is stored and nothing is logged:
what is measured is the library at its best.
"""

import argparse
import asyncio
import json
import logging
from pathlib import Path

from sotopia.agents import LLMAgent
from sotopia.database import AgentProfile, EnvironmentProfile, SotopiaDimensions
from sotopia.envs import ParallelSotopiaEnv
from sotopia.envs.evaluators import EpisodeLLMEvaluator, EvaluationForAgents, RuleBasedTerminatedEvaluator
from sotopia.server import arun_one_episode


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Table:
    """The profiles that episodes are drawn from, and the models that play and judge them."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.environments = [
            EnvironmentProfile(**{**fields, "pk": fields["env_id"]})
            for fields in read_lines(folder / "environments.jsonl")
        ]
        self.agents = [
            AgentProfile(**{**fields, "pk": fields["agent_id"]}) for fields in read_lines(folder / "agents.jsonl")
        ]
        self.player = f"custom/fixed-latency@{provider}/sotopia/v1"
        self.judge = f"custom/fixed-latency@{provider}/peer-judge/v1"

    async def play(self, number: int) -> None:
        environment = ParallelSotopiaEnv(
            model_name=self.judge,
            env_profile=self.environments[number % len(self.environments)],
            action_order="round-robin",
            evaluators=[RuleBasedTerminatedEvaluator(max_turn_number=20, max_stale_turn=2)],
            terminal_evaluators=[EpisodeLLMEvaluator(self.judge, EvaluationForAgents[SotopiaDimensions])],
        )
        cast = (self.agents[number % len(self.agents)], self.agents[(number + 1) % len(self.agents)])
        players = [LLMAgent(agent_profile=profile, model_name=self.player) for profile in cast]
        await arun_one_episode(env=environment, agent_list=players)


async def play_for_ever(table: Table, lane: int, lanes: int) -> None:
    number = lane
    while True:
        await table.play(number)
        number += lanes


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profiles", type=Path, required=True, help="folder of agents.jsonl and environments.jsonl")
    parser.add_argument("--provider", required=True, help="address of the provider, without a path")
    parser.add_argument("--in-flight", type=int, required=True)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    table = Table(arguments.profiles, arguments.provider)
    print(json.dumps({"event": "ready"}), flush=True)
    lanes = arguments.in_flight
    await asyncio.gather(*(play_for_ever(table, lane, lanes) for lane in range(lanes)))


asyncio.run(main())
