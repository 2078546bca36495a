/** node deploy/setup/validators.mjs: sets up the formats' own validators, and prints the path of their Python. */
import { setUpOrExit } from './setup.mjs';
import { validatorsPython } from './steps/validators.mjs';

await setUpOrExit('validators');
console.log(validatorsPython);
