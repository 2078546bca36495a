import { ApplicationFailure } from '@temporalio/activity';
import { PARTNER } from '../../domain/episode/design';
import { endingOf, nextSpeaker } from '../../domain/episode/rules';
import { viewOf } from '../../domain/episode/view';
import type { PromptTemplate, ReadAction } from '../../domain/prompts/promptTemplate';
import { templateNamed } from '../../domain/prompts/templates';
import { seedOf } from '../../domain/random';
import type { Action, Ending, Episode, Player, Turn } from '../../schemas/episode';
import type { Role } from '../../schemas/ledger';
import type { Sampling } from '../../schemas/model';
import type { ModelCall } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import type { CastEpisode } from '../support/collectionDesigns';
import { failure } from '../support/failures';
import type { Completion } from '../models/chatCompletion';
import type { Endpoint } from '../models/endpoint';
import type { LanguageModels } from '../models/languageModels';
import type { AskModel } from '../models/modelAccess';
import { recordCall } from '../models/recordCall';
import { policyOf, type ServedPolicies } from '../support/servedPolicies';
import type { Patience } from './patience';

export interface ConversationDependencies {
  models: Pick<LanguageModels, 'complete'>;
  policies: Pick<ServedPolicies, 'endpointOf' | 'forget'>;
}

interface Playing {
  cast: CastEpisode;
  /** The conversation so far; each finished turn is added. */
  turns: Turn[];
  signal: AbortSignal;
  /** How failures that may pass are waited out. */
  patiently: Patience;
  /** How a model that is not our own is asked. */
  askModel: AskModel;
}

type Circumstances = Pick<Playing, 'signal' | 'patiently' | 'askModel'>;

type Answered = { call: ModelCall } & ({ action: Action } | { unreadAnswer: string });

interface Asking {
  player: Player;
  role: Role;
  messages: ChatMessage[];
  seed: number;
  conversation: string;
}

/** Plays conversations, each from the turns it has to its end. */
export class Conversations {
  constructor(private readonly dependencies: ConversationDependencies) {}

  /** Errors: MODEL_* and STORAGE_* that do not pass by themselves. An answer that stays unreadable ends it as `unparsable`. */
  async play({ cast, turns, ...circumstances }: Playing): Promise<Episode> {
    let broken: { call: ModelCall; unreadAnswer: string } | undefined;
    let ending = endingOf(turns, cast.design.rules);
    while (ending === null && !broken) {
      const speaker = nextSpeaker(turns);
      const answered = await this.answerTurn(cast, turns, circumstances);
      if ('action' in answered) {
        turns.push({ number: turns.length, speaker, action: answered.action, call: answered.call });
        ending = endingOf(turns, cast.design.rules);
      } else {
        broken = answered;
      }
    }
    return describe(cast, turns, ending ?? 'unparsable', broken);
  }

  private async answerTurn(
    cast: CastEpisode,
    turns: readonly Turn[],
    circumstances: Circumstances,
  ): Promise<Answered> {
    const speaker = nextSpeaker(turns);
    const player = playerOf(cast, speaker);
    const role = cast.episode.players[speaker] === PARTNER ? 'partner' : 'expert';
    const template = templateNamed(player.template);
    const conversation = `${cast.episode.id}/${speaker}`;
    const ask = (messages: ChatMessage[], seed: number) =>
      circumstances.patiently(() => this.ask({ player, role, messages, seed, conversation }, circumstances));
    const prompt = template.prompt(viewOf(cast.task, cast.agents, speaker), turns);
    const seed = seedOf(cast.episode.seed, turns.length);
    const first = await ask(prompt, seed);
    const reading = readAnswer(template, first);
    if ('action' in reading) {
      const { action } = reading;
      return { action, call: recordTurn(player, prompt, [first], template.write(action)) };
    }
    const repair = template.repair(prompt, first.text, reading.unreadable);
    const second = await ask(repair, seedOf(seed, 'repair'));
    const reread = readAnswer(template, second);
    const answers = [first, second];
    if ('unreadable' in reread)
      return { unreadAnswer: second.text, call: recordTurn(player, prompt, answers) };
    const { action } = reread;
    return { action, call: recordTurn(player, prompt, answers, template.write(action)) };
  }

  private async ask(
    { player, role, ...question }: Asking,
    { signal, askModel }: Circumstances,
  ): Promise<Completion> {
    if (player.kind === 'model') return askModel({ model: player.model, role, ...question, signal });
    const endpoint = await this.dependencies.policies.endpointOf(player.digest);
    return this.askPolicy(endpoint, player, { ...question, sampling: player.sampling, signal });
  }

  private async askPolicy(
    endpoint: Endpoint,
    player: Extract<Player, { kind: 'policy' }>,
    request: Omit<Asking, 'player' | 'role'> & { sampling: Sampling; signal: AbortSignal },
  ): Promise<Completion> {
    const { models, policies } = this.dependencies;
    try {
      const completion = await models.complete(endpoint, request);
      if (policyOf(completion) === player.digest) return completion;
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

/** Who refuses, or is stopped by a filter, has said nothing as the agent. An answer that is cut off is read as far as it goes. */
function readAnswer(template: PromptTemplate, { text, refused, truncated }: Completion): ReadAction {
  const read: ReadAction = refused ? { unreadable: 'the answer is a refusal' } : template.read(text);
  return truncated && 'unreadable' in read ? { unreadable: 'the answer was cut off, it is too long' } : read;
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

function recordTurn(
  player: Player,
  prompt: ChatMessage[],
  completions: readonly Completion[],
  written?: string,
): ModelCall {
  const call = recordCall(nameOf(player), prompt, completions, written);
  // A server names a policy as it likes; its digest is what identifies it.
  return player.kind === 'policy' ? { ...call, snapshot: call.model, servedDigest: player.digest } : call;
}

function describe(
  cast: CastEpisode,
  turns: Turn[],
  ending: Ending,
  broken: { call: ModelCall; unreadAnswer: string } | undefined,
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
    ...(broken && { unreadAnswer: broken.unreadAnswer, unreadCall: broken.call }),
  };
}
