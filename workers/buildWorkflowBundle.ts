import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_FILE } from './workflowSource';

/** Bundles the workflow code once, so that workers start without a bundler. */
async function buildWorkflowBundle(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('../workflows'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(join(__dirname, BUNDLE_FILE), code);
}

buildWorkflowBundle().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
