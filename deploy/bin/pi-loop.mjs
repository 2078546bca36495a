#!/usr/bin/env node
/** pi-loop COMMAND: sets up what is missing, which takes no time when nothing is, then runs the command. */
import { setUpAndRun } from '../setup/launch.mjs';

const args = process.argv.slice(2);
/** The doctor must be able to speak while parts are missing; the others read a bucket, and start nothing. */
const NEED_NO_PARTS = new Set(['doctor', 'audit', 'export', 'release', 'keys']);
const purpose = NEED_NO_PARTS.has(args[0]) ? 'build' : 'runtime';
await setUpAndRun('cli/main.js', args, purpose);
