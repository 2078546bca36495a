import type { LineChild } from '../../../activities/support/childProcess';
import { SimulatedProcess } from '../simulatedProcess';
import { servePolicy, trainPolicy } from '../trainer';
import { TrainerChild } from '../trainerChild';

/** Stands for activities/support/trainerProcess: starts simulated trainers in place of Python ones. */
export function startTrainer(_runtime: unknown, args: string[]): LineChild {
  const process = SimulatedProcess.current;
  if (!process) throw new Error('nobody in the simulated world starts a trainer');
  const child = new TrainerChild(process);
  const [command, file = ''] = args;
  if (command === 'serve') servePolicy(child, args[args.indexOf('--policy') + 1] ?? '');
  else trainPolicy(child, file);
  return child as unknown as LineChild;
}

export const trainerMissing = (): Error => new Error('the simulated trainer is always there');

/** Simulated trainers see no environment. */
export const trainerEnvironment = (): Record<string, string> => ({});
