import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { CHECKOUT } from '../deploy/local/checkout';
import { requireTool } from '../deploy/local/tools';
import { CommandError } from './commandError';

/** What the trainer says in the end, one JSON document (trainer/README.md). */
const Outcome = z.discriminatedUnion('event', [
  z.looseObject({ event: z.literal('imported'), digest: z.string() }),
  z.looseObject({ event: z.literal('error'), message: z.string(), hint: z.string() }),
]);

export function registerImportGguf(program: Command): void {
  program
    .command('import-gguf <file> <folder>')
    .description(
      "write a GGUF file's model, its weights dequantised, as a folder that a campaign's policy.base.directory may name",
    )
    .option('--context <tokens>', "longest conversation; default: the model's", parseContext)
    .action(async (file: string, folder: string, { context }: { context?: number }) => {
      const longest = context === undefined ? [] : ['--context', String(context)];
      const outcome = await runTrainer(['import-gguf', resolve(file), resolve(folder), ...longest]);
      if (outcome.event === 'error') throw new CommandError(`${outcome.message}. ${outcome.hint}`);
      console.log(`${folder}: a model of digest ${outcome.digest}`);
    });
}

function parseContext(text: string): number {
  const tokens = Number(text);
  if (Number.isInteger(tokens) && tokens >= 32) return tokens;
  throw new InvalidArgumentError('expected a whole number of tokens, at least 32');
}

/** The trainer sees no more of the environment than it needs: keys of model providers are not its business. */
function runTrainer(args: string[]): Promise<z.infer<typeof Outcome>> {
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, PYTHONPATH: join(CHECKOUT, 'trainer/src') };
  return new Promise((settle, fail) => {
    execFile(
      requireTool('trainerPython'),
      ['-m', 'pi_trainer', ...args],
      { env },
      (error, stdout, stderr) => {
        try {
          settle(Outcome.parse(JSON.parse(stdout)));
        } catch {
          fail(
            new CommandError(`The trainer ended without a word. ${stderr || (error?.message ?? '')}`.trim()),
          );
        }
      },
    );
  });
}
