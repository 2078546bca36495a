import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { z } from 'zod';
import { built } from '../deploy/local/checkout';
import { type BareReading, readBare } from './audit/bareReading';
import { type AuditedFolder, writeAuditedCampaign } from './audit/writeAuditedCampaign';
import { describeMachine } from './machine';
import { wholeNumber } from './options';
import { columns, report, say } from './report';

interface AuditOptions {
  json: boolean;
  episodes: number;
  turns: number;
}

const CAMPAIGN = 'large';
const TASKS = 200;
/** Most seconds for an answer from the index, and without one (issue 7). */
const MOST = { withIndex: 1, without: 60 };
/** Times a question is asked with the index; the middle one counts. */
const ASKED = 3;

export function registerAudit(program: Command): void {
  program
    .command('audit')
    .description(
      'questions to the audit of a large campaign, with and without its index; verification beside SHA-256',
    )
    .option('--episodes <n>', 'of both rounds together', wholeNumber, 100_000)
    .option('--turns <n>', 'of each episode', wholeNumber, 10)
    .option('--json', 'print one JSON document', false)
    .action(benchAudit);
}

async function benchAudit({ episodes, turns, json }: AuditOptions): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'pi-loop-bench-'));
  try {
    say(`writes a campaign of ${episodes} episodes`);
    const bucket = join(scratch, 'bucket');
    const written = writeAuditedCampaign(bucket, CAMPAIGN, { episodes, tasks: TASKS, turns });
    const asker = new Asker(bucket, scratch);
    const document = {
      machine: describeMachine(),
      settings: { episodes, turns, ...written },
      mostSeconds: MOST,
      questions: await askAll(asker),
      verify: await verifyBeside(asker, bucket, written),
    };
    await report('audit', document, json ? undefined : render(document));
    const slow = document.questions.some(
      ({ withIndex, without }) => withIndex > MOST.withIndex || without > MOST.without,
    );
    if (slow) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Question {
  question: string;
  /** Seconds from the start of the process to its end. */
  without: number;
  withIndex: number;
}

async function askAll(asker: Asker): Promise<Question[]> {
  const { episode, turn, row, prompt } = await asker.names();
  const questions = [
    ['log', CAMPAIGN],
    ['show', 'BC'],
    ['show', 'BC/collect'],
    ['show', episode],
    ['show', turn],
    ['show', row],
    ['lineage', 'bc-sr'],
    ['lineage', turn, '--down'],
    ['lineage', prompt, '--down'],
  ];
  const answered: Question[] = [];
  for (const question of questions) {
    say(`audit ${question.join(' ')}`);
    asker.forget();
    const without = await asker.seconds(question);
    const again: number[] = [];
    for (let time = 0; time < ASKED; time += 1) again.push(await asker.seconds(question));
    answered.push({ question: question.join(' '), without, withIndex: middle(again) });
  }
  return answered;
}

const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const Named = z.object({ lineage: z.unknown() });
const run = promisify(execFile);

/** Asks by the command line, as people do. */
class Asker {
  private readonly cache: string;

  constructor(
    private readonly bucket: string,
    scratch: string,
  ) {
    this.cache = join(scratch, 'cache');
  }

  forget(): void {
    rmSync(this.cache, { recursive: true, force: true });
    mkdirSync(this.cache);
  }

  async seconds(question: readonly string[]): Promise<number> {
    const began = performance.now();
    await this.ask(question);
    return (performance.now() - began) / 1000;
  }

  async ask(question: readonly string[]): Promise<string> {
    const { stdout } = await run(
      process.execPath,
      [built('cli/main.js'), 'audit', ...question, '--directory', this.bucket],
      { env: { ...process.env, PI_LOOP_CACHE: this.cache }, maxBuffer: 1 << 28 },
    );
    return stdout;
  }

  /** Names that the campaign has, from the chain that a score's lineage ends with; late turns have prompts of their own. */
  async names(): Promise<Record<'episode' | 'turn' | 'row' | 'prompt', string>> {
    const { lineage } = Named.parse(JSON.parse(await this.ask(['lineage', 'bc', '--turn', '4', '--json'])));
    const idOf = (kind: string): string => {
      const found = nodesOf(lineage).find((one) => one.kind === kind)?.id;
      if (!found) throw new Error(`the lineage of bc names no ${kind}`);
      return found;
    };
    const turn = idOf('turn');
    return { turn, episode: turn.replace(/#\d+$/, ''), row: idOf('row'), prompt: idOf('call') };
  }
}

const Node = z.object({ kind: z.string(), id: z.string().nullable(), next: z.array(z.unknown()) });

function nodesOf(lineage: unknown): z.infer<typeof Node>[] {
  const node = Node.parse(lineage);
  return [node, ...node.next.flatMap(nodesOf)];
}

interface Verified extends BareReading {
  seconds: number;
  bytes: number;
}

const Verification = z.object({ seconds: z.number(), bytes: z.number(), failures: z.array(z.unknown()) });

async function verifyBeside(asker: Asker, bucket: string, { campaign }: AuditedFolder): Promise<Verified> {
  say('audit verify');
  const { seconds, bytes, failures } = Verification.parse(
    JSON.parse(await asker.ask(['verify', campaign, '--json'])),
  );
  if (failures.length > 0) throw new Error(`verification fails: ${JSON.stringify(failures[0])}`);
  return { seconds, bytes, ...(await readBare(bucket)) };
}

const beside = (seconds: number, bare: number, what: string): string =>
  `  ${what} (${bare.toFixed(1)} s) ${(seconds / bare).toFixed(1)} times`;

interface AuditDocument {
  settings: AuditedFolder & { episodes: number; turns: number };
  questions: Question[];
  verify: Verified;
}

function render({ settings, questions, verify }: AuditDocument): string {
  const { episodes, turns, blobs, bytes } = settings;
  return [
    `${episodes} episodes of ${turns} turns: ${blobs} blobs, ${Math.round(bytes / 2 ** 20)} MiB`,
    '',
    columns([
      ['pi-loop audit', 'from the index, s', 'without, s'],
      ...questions.map(({ question, withIndex, without }) => [
        question,
        withIndex.toFixed(2),
        without.toFixed(2),
      ]),
    ]),
    '',
    `verify: ${verify.seconds.toFixed(1)} s, as long as its blobs are read and`,
    beside(verify.seconds, verify.hashingSeconds, 'hashed in one thread'),
    beside(verify.seconds, verify.parsingSeconds, 'hashed, and their JSON parsed, in a thread a core'),
  ].join('\n');
}
