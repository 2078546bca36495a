/** npm run bench -- NAME [ARGUMENTS]: sets up what is missing, then runs a benchmark. */
import { setUpAndRun } from './launch.mjs';

await setUpAndRun('bench/main.js', process.argv.slice(2));
