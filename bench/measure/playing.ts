import type { Role } from '../provider/answers';
import type { Provider } from '../provider/provider';
import type { ProviderCounts } from '../provider/server';
import { wholeWaves, type Window } from './waves';

/** What playing episodes gives and takes, in a steady window. */
export interface Playing<Part extends string> {
  episodesPerSecond: number;
  /** Of user and system time. */
  cpuMsPerEpisode: Record<Part | 'total', number>;
  /** As the provider counted them: more than turns and rating would be calls made twice. */
  callsPerEpisode: number;
  requestKilobytesPerEpisode: number;
  window: { seconds: number; episodes: number };
}

export interface PlayingOptions<Part extends string> {
  provider: Provider;
  /** Who is asked for the one rating that ends an episode. */
  judge: Role;
  inFlight: number;
  warmUpWaves: number;
  /** Shortest window. */
  seconds: number;
  /** CPU time so far of the parts that play, in milliseconds. */
  cpuMs: () => Record<Part, number>;
}

interface Note<Part extends string> {
  counts: ProviderCounts;
  cpuMs: Record<Part, number>;
}

/** Watches episodes being played for a steady window. Errors: those of `wholeWaves`. */
export async function measurePlaying<Part extends string>(
  options: PlayingOptions<Part>,
): Promise<Playing<Part>> {
  const { provider, judge, cpuMs } = options;
  const window = await wholeWaves<Note<Part>>({
    ...options,
    episodes: async () => (await provider.counts()).byRole[judge],
    note: async () => ({ counts: await provider.counts(), cpuMs: cpuMs() }),
  });
  return describe(window);
}

function describe<Part extends string>({ opened, closed }: Window<Note<Part>>): Playing<Part> {
  const episodes = closed.episodes - opened.episodes;
  const seconds = (closed.at - opened.at) / 1000;
  const per = (of: (sample: typeof opened) => number) => (of(closed) - of(opened)) / episodes;
  const parts = Object.keys(opened.cpuMs) as Part[];
  const cpu = Object.fromEntries(parts.map((part) => [part, per(({ cpuMs }) => cpuMs[part])]));
  const total = Object.values(cpu).reduce((sum, ms) => sum + ms, 0);
  return {
    episodesPerSecond: episodes / seconds,
    cpuMsPerEpisode: { total, ...cpu } as Record<Part | 'total', number>,
    callsPerEpisode: per(({ counts }) => counts.calls),
    requestKilobytesPerEpisode: per(({ counts }) => counts.requestBytes) / 1000,
    window: { seconds, episodes },
  };
}
