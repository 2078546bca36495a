import type { ApplicationFailure } from '@temporalio/activity';
import type { ChildExit, LineChild } from '../support/childProcess';

/** A model that is no adapter, in a folder. */
export interface WholeModel {
  directory: string;
  digest: string;
}

/** A program that serves a whole model, and adapters upon it. */
export interface EngineProgram {
  start(model: WholeModel): Promise<StartedEngine>;
  /** The program itself is not there, or may not be run. */
  missing(why: string): ApplicationFailure;
}

export interface StartedEngine {
  child: LineChild;
  /** Its address, once it answers; stays open when its process ends before. */
  ready: Promise<string>;
  /** The whole model's name in requests. */
  model: string;
}

export const describeExit = ({ signal, code, stderrTail }: ChildExit): string =>
  `(${signal ?? `code ${code}`}) ${stderrTail.slice(-1500)}`.trim();
