import { ApplicationFailure, Context } from '@temporalio/activity';
import { z } from 'zod';
import { endingOf, nextSpeaker } from '../domain/episode/rules';
import { viewOf } from '../domain/episode/view';
import { templateNamed } from '../domain/prompts/templates';
import { seedOf } from '../domain/random';
import type { ArtifactRef } from '../schemas/artifact';
import { type Action, type Ending, type Episode, type Player, Turn } from '../schemas/episode';
import type { ModelCall } from '../schemas/modelCall';
import type { Sampling } from '../schemas/model';
import type { ChatMessage } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';
import type { CastEpisode, CollectionDesigns } from './support/collectionDesigns';
import { failure } from './support/failures';
import { ALIVE_EVERY_MS, keepAlive, resumedFrom } from './support/heartbeat';
import type { Completion, Endpoint, LanguageModels } from './support/languageModels';
import { recordCall } from './support/recordCall';
import type { ServedPolicies } from './support/servedPolicies';

export interface EpisodeDependencies {
  store: ArtifactStore;
  models: LanguageModels;
  designs: CollectionDesigns;
  policies: ServedPolicies;
}

export interface PlayEpisodeInput {
  design: string;
  number: number;
}

export interface PlayedEpisode {
  episode: ArtifactRef['digest']['sha256'];
  ending: Ending;
  turns: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

/** The transcript so far travels in the heartbeat: a new attempt goes on after the last finished turn. */
const Progress = z.strictObject({ id: z.string(), turns: z.array(Turn) });

type Answered = { call: ModelCall } & ({ action: Action } | { unreadAnswer: string });

export function createEpisodeActivities({ store, models, designs, policies }: EpisodeDependencies) {
  return {
    /**
     * Plays one episode to its end and stores it.
     * Errors: MODEL_*, POLICY_NOT_SERVED, POLICY_DIGEST_MISMATCH, STORAGE_*; an answer that stays unreadable after one
     * repair call ends the episode as `unparsable`.
     */
    async playEpisode({ design, number }: PlayEpisodeInput): Promise<PlayedEpisode> {
      const cast = await designs.cast(design, number);
      const { id } = cast.episode;
      const resumed = resumedFrom(Progress);
      const turns: Turn[] = resumed?.id === id ? resumed.turns : [];
      const stopHeartbeat = keepAlive(() => ({ id, turns }), ALIVE_EVERY_MS);
      try {
        return await playOn(cast, turns);
      } finally {
        stopHeartbeat();
      }
    },
  };

  async function playOn(cast: CastEpisode, turns: Turn[]): Promise<PlayedEpisode> {
    const { id } = cast.episode;
    let broken: { call: ModelCall; unreadAnswer: string } | undefined;
    let ending = endingOf(turns, cast.design.rules);
    while (ending === null && !broken) {
      const speaker = nextSpeaker(turns);
      const answered = await answerTurn(cast, turns);
      if ('action' in answered) {
        turns.push({ number: turns.length, speaker, action: answered.action, call: answered.call });
        Context.current().heartbeat({ id, turns });
        ending = endingOf(turns, cast.design.rules);
      } else {
        broken = answered;
      }
    }
    const episode = describe(cast, turns, ending ?? 'unparsable', broken?.unreadAnswer);
    const { digest } = await store.putJson(episode, `episode-${id}.json`);
    return {
      episode: digest.sha256,
      ending: episode.ending,
      turns: turns.length,
      ...spent(turns, broken?.call),
    };
  }

  async function answerTurn(cast: CastEpisode, turns: readonly Turn[]): Promise<Answered> {
    const speaker = nextSpeaker(turns);
    const player = playerOf(cast, speaker);
    const template = templateNamed(player.template);
    const prompt = template.prompt(viewOf(cast.task, cast.agents, speaker), turns);
    const seed = seedOf(cast.episode.seed, turns.length);
    const first = await ask(player, prompt, seed);
    const reading = template.read(first.text);
    if ('action' in reading) return { action: reading.action, call: recordTurn(player, prompt, [first]) };
    const repair = template.repair(prompt, first.text, reading.unreadable);
    const second = await ask(player, repair, seedOf(seed, 'repair'));
    const reread = template.read(second.text);
    const call = recordTurn(player, prompt, [first, second]);
    return 'action' in reread ? { action: reread.action, call } : { unreadAnswer: second.text, call };
  }

  async function ask(player: Player, messages: ChatMessage[], seed: number): Promise<Completion> {
    const signal = Context.current().cancellationSignal;
    if (player.kind === 'model') {
      return models.complete(models.endpointOf(player.model), {
        messages,
        sampling: player.model.sampling,
        seed,
        signal,
      });
    }
    const endpoint = await policies.endpointOf(player.digest);
    return askPolicy(endpoint, player, { messages, sampling: player.sampling, seed, signal });
  }

  async function askPolicy(
    endpoint: Endpoint,
    player: Extract<Player, { kind: 'policy' }>,
    request: { messages: ChatMessage[]; sampling: Sampling; seed: number; signal: AbortSignal },
  ): Promise<Completion> {
    try {
      const completion = await models.complete(endpoint, request);
      if (completion.fingerprint === `sha256:${player.digest}`) return completion;
    } catch (error) {
      policies.forget(player.digest);
      throw vanished(error, player.digest) ?? error;
    }
    policies.forget(player.digest);
    throw failure(
      'POLICY_DIGEST_MISMATCH',
      `The answer from ${endpoint.baseUrl} is not by policy ${player.digest}; it is not used.`,
    );
  }
}

/** A proven policy server knows its model and asks for no key: whoever answers so now is another server. */
function vanished(error: unknown, digest: string): ApplicationFailure | undefined {
  const foreign: readonly (string | null | undefined)[] = ['MODEL_NOT_FOUND', 'MODEL_UNAUTHORIZED'];
  if (!(error instanceof ApplicationFailure) || !foreign.includes(error.type)) return undefined;
  return failure(
    'POLICY_NOT_SERVED',
    `Policy ${digest.slice(0, 12)} is no longer served where it was (${error.message}). It is looked for again.`,
    { retryAfterMs: 1_000 },
  );
}

function playerOf({ design, episode }: CastEpisode, position: 0 | 1): Player {
  const player = design.players[episode.players[position]];
  if (!player) throw failure('ARTIFACT_CORRUPT', `The design has no player "${episode.players[position]}".`);
  return player;
}

const nameOf = (player: Player): string =>
  player.kind === 'model' ? player.model.model : `policy:${player.digest}`;

function recordTurn(player: Player, prompt: ChatMessage[], completions: readonly Completion[]): ModelCall {
  const call = recordCall(nameOf(player), prompt, completions);
  // A server names a policy as it likes; its digest is what identifies it.
  return player.kind === 'policy' ? { ...call, snapshot: call.model, servedDigest: player.digest } : call;
}

function describe(
  cast: CastEpisode,
  turns: Turn[],
  ending: Ending,
  unreadAnswer: string | undefined,
): Episode {
  const { episode } = cast;
  return {
    id: episode.id,
    task: episode.task,
    agents: episode.agents,
    models: [nameOf(playerOf(cast, 0)), nameOf(playerOf(cast, 1))],
    seed: episode.seed,
    turns,
    ending,
    ...(unreadAnswer === undefined ? {} : { unreadAnswer }),
  };
}

function spent(turns: readonly Turn[], broken: ModelCall | undefined) {
  const calls = [...turns.map((turn) => turn.call), ...(broken ? [broken] : [])];
  return {
    calls: calls.reduce((sum, call) => sum + call.calls, 0),
    inputTokens: calls.reduce((sum, call) => sum + call.usage.inputTokens, 0),
    outputTokens: calls.reduce((sum, call) => sum + call.usage.outputTokens, 0),
  };
}
