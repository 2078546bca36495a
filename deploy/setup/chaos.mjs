/** npm run chaos -- --seed N --minutes M: sets up what is missing, then plays a campaign under faults. */
import { setUpAndRun } from './launch.mjs';

await setUpAndRun('chaos/main.js', process.argv.slice(2));
