import { createHash } from 'node:crypto';
import { recordCall } from '../../activities/models/recordCall';
import { viewOf } from '../../domain/episode/view';
import { judgePrompt } from '../../domain/prompts/judge';
import { templateNamed } from '../../domain/prompts/templates';
import { Cast } from '../../domain/episode/trainingRows';
import type {
  CollectedEpisode,
  CollectionDesign,
  Episode,
  Player,
  Position,
  Turn,
} from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import type { ModelCall } from '../../schemas/modelCall';
import type { TaskSet } from '../../schemas/profiles';
import type { Rating } from '../../schemas/rating';
import type { ChatMessage } from '../../schemas/training';
import { DIMENSION_RANGES, DIMENSIONS, type Scores } from '../../schemas/scores';
import type { BucketFolder } from './bucketFolder';

const SENTENCES = [
  'i could take the larger half if you would wait for the other one until the end of next month .',
  'that is more than i had in mind , but tell me what it is worth to you and i will think about it .',
  'my brother asked me for the same thing last week , and i told him that nothing was settled yet .',
  'let us say it like this : you name a day , and i bring what you need on that day without a word .',
  'i would rather not say why , but it matters to me more than the money that we spoke about before .',
];

/** Episodes of a design with their ratings: what they say is drawn from their seeds; calls and prompts are true to it. */
export function playAll(
  bucket: BucketFolder,
  design: CollectionDesign,
  taskSet: TaskSet,
): CollectedEpisode[] {
  const cast = new Cast(taskSet);
  return design.episodes.map((planned, number): CollectedEpisode => {
    const known = cast.of({ task: planned.task, agents: planned.agents });
    if (!known) throw new Error(`${planned.id} lacks a task or an agent`);
    const players = planned.players.map((name) => playerOf(design, name)) as [Player, Player];
    const draw = drawer(planned.id, planned.seed, ...players.map(nameOf));
    const turns: Turn[] = [];
    for (let turn = 0; turn < design.rules.maxTurns; turn += 1) {
      const speaker: Position = turn % 2 === 0 ? 0 : 1;
      const template = templateNamed(players[speaker].template);
      const prompt = template.prompt(viewOf(known.task, known.agents, speaker), turns);
      const action = { type: 'speak' as const, argument: SENTENCES[draw(SENTENCES.length)] ?? '' };
      turns.push({ number: turn, speaker, action, call: callOf(players[speaker], prompt) });
    }
    const episode: Episode = {
      id: planned.id,
      task: planned.task,
      agents: planned.agents,
      models: [nameOf(players[0]), nameOf(players[1])],
      seed: planned.seed,
      turns,
      ending: 'limit',
    };
    const scores: [Scores, Scores] = [scoresOf(draw), scoresOf(draw)];
    const judge: Player = { kind: 'model', model: design.judge, template: 'compact-v1' };
    const rating: Rating = {
      kind: 'rated',
      episode: planned.id,
      scores,
      reasoning: [reasonsOf(draw), reasonsOf(draw)],
      call: callOf(judge, judgePrompt(known.task, known.agents, turns)),
    };
    return {
      number,
      id: planned.id,
      task: planned.task,
      players: planned.players,
      ending: 'limit',
      turns: turns.length,
      episode: bucket.json(episode, 'episode.json', MEDIA_TYPES.episode).digest.sha256,
      rating: bucket.json(rating, 'rating.json', MEDIA_TYPES.rating).digest.sha256,
      scores,
    };
  });
}

function playerOf({ players }: CollectionDesign, name: string): Player {
  const player = players[name];
  if (!player) throw new Error(`the design has no player ${name}`);
  return player;
}

const nameOf = (player: Player): string =>
  player.kind === 'model' ? player.model.model : `policy:${player.digest}`;

function callOf(player: Player, prompt: ChatMessage[]): ModelCall {
  const name = nameOf(player);
  const usage = { inputTokens: 20 * prompt.length, outputTokens: 20 };
  const snapshot = player.kind === 'model' ? `${name}-2026-11` : name;
  const call = recordCall(name, prompt, [
    { text: '', snapshot, usage, fingerprint: undefined, refused: false, truncated: false },
  ]);
  return player.kind === 'policy' ? { ...call, servedDigest: player.digest } : call;
}

type Draw = (below: number) => number;

/** Numbers that depend on the episode and its players alone. */
function drawer(...parts: (string | number)[]): Draw {
  let bytes = createHash('sha256').update(parts.join(' ')).digest();
  let at = 0;
  return (below) => {
    if (at + 2 > bytes.length) {
      bytes = createHash('sha256').update(bytes).digest();
      at = 0;
    }
    at += 2;
    return bytes.readUInt16LE(at - 2) % below;
  };
}

const scoresOf = (draw: Draw): Scores =>
  Object.fromEntries(
    DIMENSIONS.map((dimension) => {
      const [low, high] = DIMENSION_RANGES[dimension];
      return [dimension, low + draw(high - low + 1)];
    }),
  ) as Scores;

const reasonsOf = (draw: Draw): Record<string, string> =>
  Object.fromEntries(
    DIMENSIONS.map((dimension) => [dimension, `Of ${dimension}: ${SENTENCES[draw(SENTENCES.length)]}`]),
  );
