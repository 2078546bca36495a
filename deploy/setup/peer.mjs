/** node deploy/setup/peer.mjs: sets up the package that benches compare with, and prints the path of its Python. */
import { setUpOrExit } from './setup.mjs';
import { peerPython } from './steps/peer.mjs';

await setUpOrExit('peer');
console.log(peerPython);
