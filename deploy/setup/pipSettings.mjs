/** uv does not read pip's settings: a user's mirror, certificate or wheel folder is handed on to it. */
import { existsSync } from 'node:fs';
import { runCommand } from './command.mjs';

/** pip's setting → uv's variable. Lists are separated by spaces for uv. */
const VARIABLES = {
  'index-url': 'UV_DEFAULT_INDEX',
  'extra-index-url': 'UV_INDEX',
  'find-links': 'UV_FIND_LINKS',
  'trusted-host': 'UV_INSECURE_HOST',
  cert: 'SSL_CERT_FILE',
};

/**
 * @param {string} text what `pip config list` prints: lines of scope.key='value', variables and files merged
 * @param {Record<string, string | undefined>} environment what the user set for uv wins
 * @returns {Record<string, string>}
 */
export function settingsFromPip(text, environment) {
  const settings = {};
  for (const line of text.split('\n')) {
    const [, key, value] = /^(?:global|install|:env:)\.([\w-]+)='(.*)'$/.exec(line.trim()) ?? [];
    const variable = VARIABLES[key];
    if (variable === undefined || environment[variable] !== undefined) continue;
    const items = value.split(/\\n|\s+/).filter((item) => item !== '');
    // uv refuses a folder that is not there, where pip passes over it.
    const usable =
      key === 'find-links' ? items.filter((item) => item.includes('://') || existsSync(item)) : items;
    if (usable.length > 0) settings[variable] = usable.join(' ');
  }
  return settings;
}

/** @param {string} python one with pip */
export async function uvSettings(python) {
  return {
    UV_PYTHON_DOWNLOADS: 'never',
    UV_HTTP_TIMEOUT: process.env.UV_HTTP_TIMEOUT ?? '180',
    ...settingsFromPip(await runCommand(python, ['-m', 'pip', 'config', 'list']), process.env),
  };
}
