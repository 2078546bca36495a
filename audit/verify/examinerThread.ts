import { parentPort, workerData } from 'node:worker_threads';
import { DirectoryBucket } from '../../artifacts/bucket';
import { examine, type Portion } from './portion';

const bucket = new DirectoryBucket(String(workerData));

/** What it throws is not caught: that ends the thread, and its asker hears of it. */
const answer = async (portion: Portion) => parentPort?.postMessage(await examine(portion, bucket));

parentPort?.on('message', (portion: Portion) => void answer(portion));
