import type { Command } from 'commander';

/** Commands by their names, in the order of the help; each is loaded when it is asked for. */
export type Commands = Readonly<Record<string, () => (parent: Command) => void>>;

/** Adds the command that was named; all of them where none was, or one that there is not. */
export function registerNamed(commands: Commands, parent: Command, named: string | undefined): void {
  const one = named !== undefined && Object.hasOwn(commands, named) ? commands[named] : undefined;
  for (const load of one ? [one] : Object.values(commands)) load()(parent);
}
