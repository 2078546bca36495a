import { z } from 'zod';
import { type LineChild, parseLine } from '../support/childProcess';
import { startTrainer, trainerMissing, type TrainerRuntime } from '../support/trainerProcess';
import type { EngineProgram } from './engine';

const Ready = z.looseObject({ event: z.literal('ready'), baseUrl: z.string() });

/** The name that `trainer serve` gives its policy unless it is told another. */
const NAME = 'policy';

/** Our own server (trainer/README.md): small models, on a CPU. @param context tokens of prompt and answer, if not the model's */
export function trainerEngine(trainer: TrainerRuntime, context: number | undefined): EngineProgram {
  const limits = context === undefined ? [] : ['--context', String(context)];
  return {
    start: async ({ directory }) => {
      const child = startTrainer(trainer, ['serve', '--policy', directory, ...limits]);
      return { child, ready: readiness(child), model: NAME };
    },
    missing: (why) => trainerMissing(trainer, why),
  };
}

async function readiness(child: LineChild): Promise<string> {
  for await (const line of child.lines()) {
    const ready = Ready.safeParse(parseLine(line));
    if (ready.success) return ready.data.baseUrl;
  }
  return new Promise(() => undefined);
}
