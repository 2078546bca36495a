import { resolve } from 'node:path';
import { localEnvironment } from '../deploy/local/runtimeStatus';

/** The environment's variables, and behind them those that lead to a running local runtime. */
export const variablesOf = (stateDirectory: string): Record<string, string> => ({
  ...localEnvironment(resolve(stateDirectory)),
  ...definedOnly(process.env),
});

const definedOnly = (variables: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).flatMap(([name, value]) => (value ? [[name, value]] : [])));
