/** A part that the user runs: its address in the environment keeps the local runtime from starting its own. */
const VARIABLES = {
  temporal: 'TEMPORAL_ADDRESS',
  s3: 'S3_ENDPOINT',
  simulator: 'PI_LOOP_SIMULATOR_URL',
} as const;

export type Server = keyof typeof VARIABLES;

/** Addresses of the servers that somebody else runs. */
export function externalServices(environment: NodeJS.ProcessEnv): Partial<Record<Server, string>> {
  const given: Partial<Record<Server, string>> = {};
  for (const server of Object.keys(VARIABLES) as Server[]) {
    const address = environment[VARIABLES[server]];
    if (address !== undefined && address !== '') given[server] = address;
  }
  return given;
}
