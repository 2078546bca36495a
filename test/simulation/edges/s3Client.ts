import { SimulatedProcess } from '../simulatedProcess';

/**
 * Stands for @aws-sdk/client-s3 as far as artifacts/artifactStore uses it: whoever sends a command talks to the object
 * storage of the simulated world that he lives in.
 */
export interface Input {
  Bucket: string;
  Key: string;
  Body?: Uint8Array;
  IfNoneMatch?: string;
  IfMatch?: string;
  Prefix?: string;
}

class Command {
  constructor(readonly input: Input) {}
}

export class CreateBucketCommand extends Command {}
export class DeleteObjectCommand extends Command {}
export class GetObjectCommand extends Command {}
export class HeadBucketCommand extends Command {}
export class HeadObjectCommand extends Command {}
export class ListObjectsV2Command extends Command {}
export class PutObjectCommand extends Command {}

export class S3ServiceException extends Error {
  readonly $metadata: { httpStatusCode: number };

  constructor(
    override readonly name: string,
    status: number,
  ) {
    super(name);
    this.$metadata = { httpStatusCode: status };
  }
}

export class S3Client {
  send(command: Command): Promise<unknown> {
    const process = SimulatedProcess.current;
    if (!process) throw new Error('nobody in the simulated world asks');
    return process.world.storage.send(process, command);
  }

  destroy(): void {
    // There is no connection.
  }
}
