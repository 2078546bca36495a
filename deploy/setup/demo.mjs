/** npm run demo [-- ARGUMENTS]: sets up what is missing, then plays the embedded demo. */
import { setUpAndRun } from './launch.mjs';

await setUpAndRun('cli/main.js', ['demo', ...process.argv.slice(2)]);
