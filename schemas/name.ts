import { z } from 'zod';

/** What campaigns, rounds and pools are called. It stands in keys and workflow ids, so it leads nowhere else. */
export const Name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9+_.-]{0,63}$/,
    'expected letters, digits and + _ . - , at most 64, starting with a letter or digit',
  );

export const File = z.string().min(1).describe('A file beside the campaign file, or an absolute path.');
