import { Command } from 'commander';
import { registerAudit } from './audit';
import { registerEpisodes } from './episodes';
import { registerLearning } from './learning';
import { registerLimits } from './limits';
import { registerOverhead } from './overhead';
import { registerRecovery } from './recovery';
import { registerScale } from './scale';
import { registerServing } from './serving';
import { registerTrainer } from './trainer';

const program = new Command('bench').description(
  'Benchmarks; each prints its machine and versions and writes JSON to bench/results.',
);
for (const register of [
  registerEpisodes,
  registerRecovery,
  registerScale,
  registerOverhead,
  registerAudit,
  registerLearning,
  registerLimits,
  registerServing,
  registerTrainer,
])
  register(program);
program.parseAsync().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
