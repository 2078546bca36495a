import { EnvironmentReference } from '../../schemas/model';
import { failure } from './failures';

/** Reads settings that a campaign names but does not hold: addresses and keys by the names of variables. */
export interface Environment {
  /** Fills in `${NAME}`; errors: CONFIGURATION_MISSING. */
  resolve(address: string): string;
  /** The key in a variable; errors: CONFIGURATION_MISSING. */
  secret(name: string): string;
  /** Fills in `${NAME}` by keys, and tells which these are; errors: CONFIGURATION_MISSING. */
  resolveSecrets(text: string): { text: string; secrets: string[] };
}

export function createEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const value = (name: string): string => {
    const found = variables[name];
    if (found) return found;
    throw failure(
      'CONFIGURATION_MISSING',
      `The worker's environment lacks ${name}, which the campaign names. Set it where the workers start, and restart them.`,
    );
  };
  const secret = (name: string): string => {
    const key = value(name).trim();
    if (/^[\x21-\x7e]+$/.test(key)) return key;
    throw failure(
      'CONFIGURATION_MISSING',
      `The worker's variable ${name} holds no key: there are spaces, line breaks or other characters in it that no key has. Set it where the workers start, and restart them.`,
    );
  };
  return {
    secret,
    resolveSecrets: (text) => ({
      text: text.replace(EnvironmentReference, (_reference, name: string) => secret(name)),
      secrets: [...text.matchAll(EnvironmentReference)].map(([, name = '']) => secret(name)),
    }),
    resolve: (address) => address.replace(EnvironmentReference, (_reference, name: string) => value(name)),
  };
}
